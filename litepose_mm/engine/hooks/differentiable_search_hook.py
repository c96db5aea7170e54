"""Train weights and architecture in turns, and record how the architecture develops."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ...datasets.samplers import AlternatingBatchSampler
from ...errors import LitePoseError
from ...media import write_json
from ...nas.differentiable import DifferentiableEstimator
from ...nas.differentiable.mixed_block import operation_name
from ..optim_wrappers import AlternatingOptimWrapper
from ..utils.network import network_of

#: File in the work directory with the probabilities after each epoch.
RECORD = 'architecture.json'


@HOOKS.register_module()
class DifferentiableSearchHook(Hook):
    """Tells the model and the optimisers what each step updates, and sets the temperature.

    After the sampler's warm-up, an epoch has steps on the weights, and then steps on the
    architecture. After each epoch, the probabilities of all operations, the expected cost and the
    cost of the most probable network are written to ``architecture.json`` in the work directory,
    which ``tools/analysis_tools/plot_architecture.py`` plots.

    Args:
        temperature: Temperature in the first epoch after the warm-up and in the last one; between
            them, it changes by the same factor in every epoch.

    Raises:
        LitePoseError: A temperature is not positive. When training begins, also if the model, the
            optimisers or the batches are not those of a search by gradient.
    """

    supernet_only = True

    def __init__(self, temperature: Sequence[float] = (1.0, 1.0)) -> None:
        if len(temperature) != 2 or not min(temperature) > 0:
            raise LitePoseError(
                f'DifferentiableSearchHook: expected two positive temperatures, got {temperature}'
            )
        self.first, self.last = temperature
        self._record: list[dict[str, Any]] = []

    def before_train(self, runner: Runner) -> None:
        for name, part, kind in (
            ('model', network_of(runner), DifferentiableEstimator),
            ('optim_wrapper', runner.optim_wrapper, AlternatingOptimWrapper),
            (
                'train_dataloader.batch_sampler',
                runner.train_dataloader.batch_sampler,
                AlternatingBatchSampler,
            ),
        ):
            if not isinstance(part, kind):
                raise LitePoseError(
                    f'{name}: expected one of the type {kind.__name__} for a search by gradient, '
                    f'got {type(part).__name__}'
                )
        # The loop multiplies the length of the first epoch, which is that of the warm-up.
        sampler, loop = runner.train_dataloader.batch_sampler, runner.train_loop
        loop._max_iters = sum(map(sampler.batches_of, range(loop.max_epochs)))
        path = Path(runner.work_dir) / RECORD
        self._record = read_record(path)[: runner.epoch] if runner.epoch and path.exists() else []

    def before_train_epoch(self, runner: Runner) -> None:
        warmup = runner.train_dataloader.batch_sampler.warmup_epochs
        progress = (runner.epoch - warmup) / max(runner.max_epochs - 1 - warmup, 1)
        factor = (self.last / self.first) ** max(progress, 0)
        network_of(runner).set_temperature(self.first * factor)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        sampler = runner.train_dataloader.batch_sampler
        phase = 'weights' if batch_idx < sampler.num_weight_batches else 'architecture'
        network_of(runner).phase = runner.optim_wrapper.active = phase

    def after_train_epoch(self, runner: Runner) -> None:
        model = network_of(runner)
        blocks = model.mixed_blocks
        self._record.append(
            dict(
                epoch=runner.epoch + 1,
                temperature=blocks[0].temperature,
                cost=model.costs.name,
                expected=model.costs.expected(blocks).item(),
                derived=float(model.costs.of([block.most_probable for block in blocks])),
                probabilities=[
                    dict(zip(map(operation_name, block.settings), block.probabilities().tolist()))
                    for block in blocks
                ],
            )
        )
        if is_main_process():
            write_json(Path(runner.work_dir) / RECORD, self._record)


def read_record(path: str | Path) -> list[dict[str, Any]]:
    """Read the probabilities after each epoch.

    Raises:
        LitePoseError: The file cannot be read, or is no record.
    """
    try:
        record = json.loads(Path(path).read_text(encoding='utf-8'))
        for entry in record:
            entry['epoch'], entry['expected'], entry['probabilities'][0].items()
        return record
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise LitePoseError(
            f'{path}: expected the {RECORD} of a search by gradient ({error})'
        ) from error
