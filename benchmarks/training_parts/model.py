"""A training model in several variants."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed
from mmpose.registry import MODELS
from timing import device, seconds

from litepose_mm.engine.optim_wrappers.cpu_amp_optim_wrapper import has_bfloat16

from .data import build_dataset

sys.path.append(str(Path(__file__).parents[2] / 'projects/cpu_training'))
from cpu_training.compile_hook import compile_training
from cpu_training.kernels import quicken
from cpu_training.reuse_memory_hook import keep_freed_memory


class Variant(NamedTuple):
    """A variant of training."""

    channels_last: bool = False
    reuse_memory: bool = False
    cpu_kernels: bool = False
    amp: bool = False
    compile: bool = False

    @property
    def name(self) -> str:
        names = [field.replace('_', ' ') for field in self._fields if getattr(self, field)]
        return ', '.join(names) or 'plain'


def variants(compiled: bool = False) -> list[Variant]:
    """List variants, each of which adds one option; the last one may compile the network."""
    if device() == 'cuda':
        names = ['channels_last', 'amp']
    else:
        names = ['channels_last', 'reuse_memory', 'cpu_kernels', *['amp'] * has_bfloat16()]
    ways = [Variant()]
    for name in [*names, *['compile'] * compiled]:
        ways.append(ways[-1]._replace(**{name: True}))
    return ways


class Training:
    """Model, optimiser and batches of a config, on the images of ``args``."""

    def __init__(self, args: Namespace, variant: Variant) -> None:
        init_default_scope('mmpose')
        torch.set_num_threads(args.threads)
        cv2.setNumThreads(0)
        set_random_seed(0)
        self.batch_size = args.batch_size
        self.dataset = build_dataset(args, args.pipeline)
        config = Config.fromfile(args.config)
        config.model.head.num_keypoints = self.dataset.metainfo['num_keypoints']
        self.model = MODELS.build(config.model).to(device()).train()
        self.model.init_weights()
        if variant.channels_last:
            self.model.to(memory_format=torch.channels_last)
        if variant.cpu_kernels:
            quicken(self.model)
        if variant.reuse_memory:
            keep_freed_memory()
        if variant.compile:
            for part in (self.model.backbone, self.model.head):
                compile_training(part)
        wrapper = 'OptimWrapper'
        if variant.amp:
            wrapper = 'CPUAmpOptimWrapper' if device() == 'cpu' else 'AmpOptimWrapper'
        self.optimizer = build_optim_wrapper(self.model, dict(config.optim_wrapper, type=wrapper))

    def batches(self, num_workers: int = 0) -> Iterator[dict]:
        """Return an endless iterator of batches."""
        loader = dict(
            batch_size=self.batch_size,
            num_workers=num_workers,
            sampler=dict(type='InfiniteSampler'),
            dataset=self.dataset,
        )
        return iter(Runner.build_dataloader(loader, seed=0))

    def step(self, batch: dict) -> float:
        """Run a training step and return its seconds; ``loss`` is the loss before the step."""
        return seconds(lambda: self._step(batch))

    def _step(self, batch: dict) -> None:
        self.loss = self.model.train_step(batch, self.optimizer)['loss'].item()
