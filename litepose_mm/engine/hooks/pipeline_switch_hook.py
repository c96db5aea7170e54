"""Change the training pipeline at an epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.dataset import Compose
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpose.registry import HOOKS

from ...errors import LitePoseError
from ..utils.pipelines import WrappedPipeline, functions_around, pipeline_owners, shared_zeros


class SwitchedPipeline:
    """Replaces a pipeline once ``switched`` is set."""

    def __init__(self, pipeline: Callable, switched: torch.Tensor) -> None:
        self.pipeline = pipeline
        self.switched = switched

    def __call__(self, pipeline: Callable, sample: dict) -> Any:
        return self.pipeline(sample) if self.switched else pipeline(sample)


@HOOKS.register_module()
class PipelineSwitchHook(Hook):
    """Trains with ``switch_pipeline`` from an epoch on, like MMDetection's hook of this name.

    For instance, training can start with small crops, which take a fraction of the time, and end
    with whole images. Workers are not restarted, and a resumed run uses the pipeline of its epoch.
    If there are several such hooks, list them in the order of their epochs.

    Args:
        switch_epoch: First epoch, counted from 0, with the new pipeline.
        switch_pipeline: Transforms of the new pipeline.

    Raises:
        LitePoseError: Training is by iteration.
    """

    # Before the hooks that wrap the pipeline, so that they also wrap the new one.
    priority = 'VERY_HIGH'

    def __init__(self, switch_epoch: int, switch_pipeline: Sequence[dict]) -> None:
        self.switch_epoch = switch_epoch
        self.switch_pipeline = list(switch_pipeline)
        self._switched = shared_zeros(1, torch.bool)  # workers see it change

    def before_train(self, runner: Runner) -> None:
        if not isinstance(runner.train_loop, EpochBasedTrainLoop):
            raise LitePoseError(
                'PipelineSwitchHook: expected training by epoch (train_cfg.by_epoch=True), got '
                f'{type(runner.train_loop).__name__}'
            )
        for owner in pipeline_owners(runner.train_dataloader.dataset):
            if not any(
                getattr(around, 'switched', None) is self._switched
                for around in functions_around(owner.pipeline)
            ):
                switch = SwitchedPipeline(Compose(self.switch_pipeline), self._switched)
                owner.pipeline = WrappedPipeline(owner.pipeline, switch)

    def before_train_epoch(self, runner: Runner) -> None:
        if runner.epoch >= self.switch_epoch and not self._switched:
            print_log(
                f'Training with another pipeline from epoch {runner.epoch + 1} on.', 'current'
            )
        self._switched.fill_(runner.epoch >= self.switch_epoch)
