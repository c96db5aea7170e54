"""Make random numbers depend on the progress of training, not on what ran before."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mmengine.dataset import ClassBalancedDataset, RepeatDataset
from mmengine.dist import broadcast_object_list, get_rank
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpose.registry import HOOKS
from torch.utils.data import get_worker_info

from ..utils.pipelines import WrappedPipeline, data_sets, is_wrapped, pipeline_owners, shared_zeros

# Separate random streams of samples, iterations and choices of samples.
_SAMPLE, _ITERATION, _CHOICE = 1, 2, 3

# Methods by which combined data sets of MMEngine and MMPose find the data set of a sample.
_LOOK_UPS = ('_get_ori_dataset_idx', '_get_subset_index')


def _seeds(*entropy: int) -> tuple[int, int, int]:
    """Make seeds for Python, numpy and torch from non-negative numbers of any size."""
    words = np.random.SeedSequence(entropy).generate_state(4, np.uint32)
    return int(words[0]), int(words[1]), int(words[2]) << 32 | int(words[3])


def _set_seeds(*entropy: int) -> None:
    """Seed the random numbers of Python, numpy and, in a worker, torch."""
    seeds = _seeds(*entropy)
    random.seed(seeds[0])
    np.random.seed(seeds[1])
    if get_worker_info() is not None:  # in the main process, the model uses torch's
        torch.manual_seed(seeds[2])


class RecordedIndex:
    """Wraps a data set's look-up to record the index and seed the random numbers of the look-up.

    The index of a sample in the innermost data set does not distinguish its repeats.
    """

    def __init__(self, dataset: Any, look_up: str, seed: int, epoch: torch.Tensor) -> None:
        self.dataset = dataset
        self.look_up = getattr(dataset, look_up)
        self.seed = seed
        self.epoch = epoch
        self.index = 0

    def __call__(self, index: int) -> Any:
        self.index = int(index) % len(self.dataset)
        _set_seeds(self.seed, _CHOICE, int(self.epoch), self.index)
        return self.look_up(index)


class SampleSeeder:
    """Seeds the random numbers before each sample is made.

    Args:
        seed: Seed of the run.
        epoch: Current epoch, shared with the workers.
        source: Number of the data set.
        outer: Records the index in the outermost data set, if samples are repeated in it.
    """

    def __init__(
        self, seed: int, epoch: torch.Tensor, source: int, outer: RecordedIndex | None = None
    ) -> None:
        self.seed = seed
        self.epoch = epoch
        self.source = source
        self.outer = outer
        self._misses = 0  # bad samples since the last good one

    def __call__(self, pipeline: Callable, sample: dict) -> Any:
        index = sample.get('sample_idx')
        if index is None:
            return pipeline(sample)
        place = [int(index)] if self.outer is None else [int(index), self.outer.index]
        self._seed(*place)
        result = pipeline(sample)
        if result is None:
            # The data set now draws another sample. With the random numbers of this one, bad
            # samples could lead to each other forever.
            self._misses += 1
            self._seed(*place, self._misses)
        else:
            self._misses = 0
        return result

    def _seed(self, *entropy: int) -> None:
        _set_seeds(self.seed, _SAMPLE, int(self.epoch), self.source, *entropy)


@HOOKS.register_module()
class ReproducibleEpochsHook(Hook):
    """Makes a run that is resumed at an epoch equal to an uninterrupted one.

    The augmentation of a sample depends only on the run's seed, the epoch, the sample's index and,
    if the sample is repeated, on the repeat. It does not depend on the number of workers or
    processes, on persistent workers, or on earlier samples. (In MMEngine, workers that are
    restarted repeat the same random numbers every epoch, and the state of persistent ones is lost.)
    The model's random numbers depend on the seed, the process and the iteration. The sampler
    determines the order of samples, and its seed is saved in the checkpoint.

    In iteration-based loops, MMEngine replays the data instead; there, only the model's random
    numbers are seeded.
    """

    # After the hooks that change the pipeline at the start of an epoch.
    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self._epoch = shared_zeros(1, torch.int64)  # shared, so that workers see it change
        self._sampler_seed: int | None = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        seed = getattr(_sampler(runner), 'seed', None)
        if seed is not None:
            checkpoint['sampler_seed'] = int(seed)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if runner._resume:
            self._sampler_seed = checkpoint.get('sampler_seed')

    def before_train(self, runner: Runner) -> None:
        sampler = _sampler(runner)
        if self._sampler_seed is not None and hasattr(sampler, 'seed'):
            sampler.seed = self._sampler_seed  # it was built before the checkpoint was read
        self._by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)
        seeds = [runner.seed]  # of this process: with diff_rank_seed it includes the rank
        broadcast_object_list(seeds)
        self._seed = int(seeds[0])

    def before_train_epoch(self, runner: Runner) -> None:
        if not self._by_epoch:
            return
        self._epoch.fill_(runner.epoch)
        dataset = runner.train_dataloader.dataset
        owners = list(pipeline_owners(dataset))
        if not owners:
            kind = type(dataset).__name__
            print_log(f'{kind} has no pipeline, so its samples are not seeded.', logger='current')
        outer = _record_index(dataset, self._seed, self._epoch)
        for source, owner in enumerate(owners):
            if not is_wrapped(owner.pipeline, SampleSeeder):
                seeder = SampleSeeder(self._seed, self._epoch, source, outer)
                owner.pipeline = WrappedPipeline(owner.pipeline, seeder)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        seeds = _seeds(self._seed, _ITERATION, get_rank(), runner.iter)
        torch.manual_seed(seeds[2])
        if self._by_epoch:
            random.seed(seeds[0])
            np.random.seed(seeds[1])


def _record_index(dataset: Any, seed: int, epoch: torch.Tensor) -> RecordedIndex | None:
    """Record the indices of a data set that repeats samples; None for other data sets."""
    if not any(
        isinstance(each, (RepeatDataset, ClassBalancedDataset)) or getattr(each, 'resample', False)
        for each in data_sets(dataset)
    ):
        return None
    for name in _LOOK_UPS:
        if isinstance(vars(dataset).get(name), RecordedIndex):  # from an earlier epoch
            return vars(dataset)[name]
        if hasattr(dataset, name):
            recorded = RecordedIndex(dataset, name, seed, epoch)
            setattr(dataset, name, recorded)
            return recorded
    return None


def _sampler(runner: Runner) -> Any:
    loader = runner.train_dataloader
    return getattr(loader.batch_sampler, 'sampler', loader.sampler)
