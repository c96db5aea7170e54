"""Random numbers that depend on where training is, not on what has run before."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mmengine.dataset import ClassBalancedDataset, RepeatDataset
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpose.registry import HOOKS
from torch.utils.data import get_worker_info

from ..utils.pipelines import WrappedPipeline, data_sets, is_wrapped, pipeline_owners, shared_zeros

# Keeps the streams of samples, iterations and choices of samples apart.
_SAMPLE, _ITERATION, _CHOICE = 1, 2, 3

# How data sets of MMEngine and MMPose that combine others find the one to take a sample from.
_LOOK_UPS = ('_get_ori_dataset_idx', '_get_subset_index')


def _seeds(*entropy: int) -> tuple[int, int, int]:
    """Seeds for Python, numpy and torch from non-negative numbers of any size."""
    words = np.random.SeedSequence(entropy).generate_state(4, np.uint32)
    return int(words[0]), int(words[1]), int(words[2]) << 32 | int(words[3])


def _set_seeds(*entropy: int) -> None:
    """Seeds Python's, numpy's and, in a worker, torch's random numbers."""
    seeds = _seeds(*entropy)
    random.seed(seeds[0])
    np.random.seed(seeds[1])
    if get_worker_info() is not None:  # in the main process torch's are the model's
        torch.manual_seed(seeds[2])


class RecordedIndex:
    """Around a data set's look-up: notes the index that was asked for, and seeds what it draws.

    A sample's own index, that of the innermost data set, does not tell its repeats apart.
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
    """Seeds the random numbers before a sample is made.

    Args:
        seed: The run's.
        epoch: The current one, shared with the workers.
        source: Number of the data set.
        outer: Knows the index in the whole data set, where samples are repeated in it.
    """

    def __init__(
        self, seed: int, epoch: torch.Tensor, source: int, outer: RecordedIndex | None = None
    ) -> None:
        self.seed = seed
        self.epoch = epoch
        self.source = source
        self.outer = outer
        self._misses = 0  # since the last sample that was made

    def __call__(self, pipeline: Callable, sample: dict) -> Any:
        index = sample.get('sample_idx')
        if index is None:
            return pipeline(sample)
        place = [int(index)] if self.outer is None else [int(index), self.outer.index]
        self._seed(*place)
        result = pipeline(sample)
        if result is None:
            # The data set draws another sample now. Were it drawn from this one's numbers, bad
            # samples could lead to each other without end.
            self._misses += 1
            self._seed(*place, self._misses)
        else:
            self._misses = 0
        return result

    def _seed(self, *entropy: int) -> None:
        _set_seeds(self.seed, _SAMPLE, int(self.epoch), self.source, *entropy)


@HOOKS.register_module()
class ReproducibleEpochsHook(Hook):
    """Makes a run resumed at an epoch equal to one that was never interrupted.

    Each sample's augmentation depends on the run's seed, the epoch and the sample's index only, and
    on which repeat of a sample it is: not on the number of workers or processes, on workers that
    live on, or on samples made before. (Of MMEngine, workers that are started anew repeat the same
    random numbers every epoch, and those that live on cannot be resumed.) What the model draws
    depends on the seed, the process and the iteration. The order of samples is the sampler's, whose
    seed is kept in the checkpoint.

    In loops by iteration MMEngine replays the data instead; there only the model's random numbers
    are set.
    """

    # After hooks that change the pipeline at the start of an epoch.
    priority = 'VERY_LOW'

    def __init__(self) -> None:
        self._epoch = shared_zeros(1, torch.int64)  # workers see it change
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
            sampler.seed = self._sampler_seed  # it was made before the checkpoint was read
        self._by_epoch = isinstance(runner.train_loop, EpochBasedTrainLoop)

    def before_train_epoch(self, runner: Runner) -> None:
        if not self._by_epoch:
            return
        self._epoch.fill_(runner.epoch)
        dataset = runner.train_dataloader.dataset
        owners = list(pipeline_owners(dataset))
        if not owners:
            kind = type(dataset).__name__
            print_log(f'{kind} has no pipeline, so its samples are not seeded.', logger='current')
        outer = _record_index(dataset, _base_seed(runner), self._epoch)
        for source, owner in enumerate(owners):
            if not is_wrapped(owner.pipeline, SampleSeeder):
                seed = SampleSeeder(_base_seed(runner), self._epoch, source, outer)
                owner.pipeline = WrappedPipeline(owner.pipeline, seed)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        seeds = _seeds(_base_seed(runner), _ITERATION, get_rank(), runner.iter)
        torch.manual_seed(seeds[2])
        if self._by_epoch:
            random.seed(seeds[0])
            np.random.seed(seeds[1])


def _record_index(dataset: Any, seed: int, epoch: torch.Tensor) -> RecordedIndex | None:
    """Notes the index in a data set in which samples are repeated; None for other ones."""
    if not any(
        isinstance(each, (RepeatDataset, ClassBalancedDataset)) or getattr(each, 'resample', False)
        for each in data_sets(dataset)
    ):
        return None
    for name in _LOOK_UPS:
        if isinstance(vars(dataset).get(name), RecordedIndex):  # since an earlier epoch
            return vars(dataset)[name]
        if hasattr(dataset, name):
            noted = RecordedIndex(dataset, name, seed, epoch)
            setattr(dataset, name, noted)
            return noted
    return None


def _sampler(runner: Runner) -> Any:
    loader = runner.train_dataloader
    return getattr(loader.batch_sampler, 'sampler', loader.sampler)


def _base_seed(runner: Runner) -> int:
    """The seed that all processes share."""
    randomness = runner._randomness_cfg
    if randomness.get('seed') is not None:
        return int(randomness['seed'])
    return int(runner.seed) - (get_rank() if randomness.get('diff_rank_seed') else 0)
