"""Report samples that cannot be used, and stop training or skip them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ...errors import LitePoseError, some
from ..utils.pipelines import (
    WrappedPipeline,
    is_wrapped,
    mix_transforms,
    pipeline_owners,
    shared_zeros,
)

_POLICIES = ('stop', 'skip')


class BadSampleError(LitePoseError):
    """A sample cannot be used; the message names its file, ids and field."""

    def __init__(self, message: str) -> None:
        # The message of a worker's error includes the traceback of the worker.
        lines = str(message).strip().splitlines()
        super().__init__(lines[-1].rpartition('BadSampleError: ')[2] if lines else '')


@HOOKS.register_module()
class BadSampleHook(Hook):
    """Reports samples whose image cannot be read or whose annotation is malformed.

    With ``'skip'``, MMEngine replaces a bad sample by a random one. Each bad sample is named when
    it is first encountered, and the number of bad samples is logged after every epoch. In
    validation and test, a bad sample always stops the run, because the score without it would be
    that of another data set. If samples are mixed (``Mosaic``), the bad image itself is named and
    counted, not the sample that it would be mixed into.

    Annotations that the data set cannot parse stop the run before any hook is called, whatever the
    policy. ``tools/train.py`` names them, and ``tools/misc/check_annotations.py`` writes a file
    without them.

    Args:
        policy: Whether a bad training sample should ``'stop'`` the run or be ``'skip'``ped.

    Raises:
        LitePoseError: The policy is unknown.
    """

    priority = 'LOW'

    def __init__(self, policy: str = 'stop') -> None:
        if policy not in _POLICIES:
            raise LitePoseError(
                f'BadSampleHook.policy: expected one of {_POLICIES}, got {policy!r}'
            )
        self.policy = policy
        self._filters: list[SampleFilter] = []

    def before_train_epoch(self, runner: Runner) -> None:
        for owner in pipeline_owners(runner.train_dataloader.dataset):
            if not is_wrapped(owner.pipeline, SampleFilter):
                sample_filter = SampleFilter(len(owner) if self.policy == 'skip' else None)
                self._filters.append(sample_filter)
                filter_samples(owner, sample_filter)
        for sample_filter in self._filters:
            sample_filter.new_epoch()

    def after_train_epoch(self, runner: Runner) -> None:
        """Log how many samples were skipped."""
        if self.policy == 'stop':
            return
        counts = torch.tensor([sum(each.num_skipped for each in self._filters)])
        all_reduce(counts)
        if int(counts):
            runner.logger.warning(
                f'Epoch {runner.epoch + 1}: {int(counts)} bad samples were skipped; each is named '
                'above at its first occurrence.'
            )
        runner.message_hub.update_info('num_skipped_samples', int(counts))

    def before_val_epoch(self, runner: Runner) -> None:
        _filter_evaluation(runner.val_dataloader)

    def before_test_epoch(self, runner: Runner) -> None:
        _filter_evaluation(runner.test_dataloader)


class _SkippedWithin(Exception):
    """An image that would be mixed into a sample is skipped and already reported."""


class SampleFilter:
    """Checks a sample before the pipeline, and handles the errors of the pipeline.

    Args:
        num_samples: Length of the data set whose bad samples are skipped, or None to stop at the
            first one.
    """

    def __init__(self, num_samples: int | None = None) -> None:
        self.skips = num_samples is not None
        # Shared with the workers, which only set entries, so no lock is needed.
        self._skipped = shared_zeros(num_samples or 0, torch.uint8)
        self._named = shared_zeros(num_samples or 0, torch.uint8)

    @property
    def num_skipped(self) -> int:
        """Number of different samples that were skipped in this epoch."""
        return int(self._skipped.sum())

    def new_epoch(self) -> None:
        self._skipped.zero_()

    def __call__(self, pipeline: Callable, sample: dict) -> Any:
        where = _name(sample)
        index = sample.get('sample_idx')
        problem = find_problem(sample)
        cause = None
        if problem is None:
            try:
                return pipeline(sample)
            except _SkippedWithin:
                return None  # the sample itself is not bad
            except LitePoseError as error:
                if isinstance(error, BadSampleError):  # from an inner data set or a mixed image
                    raise
                problem, cause = str(error), error
            except Exception as error:
                text = ' '.join(str(error).split()) or 'no reason given'
                field = 'img_path: cannot be read: ' if 'img' not in sample else ''
                problem, cause = f'{field}{text} ({type(error).__name__})', error
        message = f'bad sample: {where}: {problem}'
        if not self.skips or index is None:
            raise BadSampleError(message) from cause
        self._skipped[index] = 1
        if not self._named[index]:
            self._named[index] = 1
            print_log(f'Skipped {message}', logger='current', level=30)  # a warning
        if self._skipped.all():
            raise BadSampleError(
                f'all {len(self._skipped)} samples of the data set are bad, the last one: {message}'
            ) from cause
        return None  # the data set then takes another sample


class _FilterMixed:
    """Checks and names each image that is mixed into a sample."""

    def __init__(self, sample_filter: SampleFilter) -> None:
        self.sample_filter = sample_filter

    def __call__(self, pipeline: Callable, sample: dict) -> dict:
        mixed = self.sample_filter(pipeline, sample)
        if mixed is None:
            raise _SkippedWithin  # the mixing transform cannot handle None
        return mixed


def filter_samples(dataset: Any, sample_filter: SampleFilter) -> None:
    """Apply a filter to a data set's samples and to the images that are mixed into them.

    Args:
        dataset: A data set with a pipeline, which is wrapped.
        sample_filter: The filter.
    """
    for transform in list(mix_transforms(dataset.pipeline)):
        mixed = _FilterMixed(sample_filter)
        transform.pre_transform = WrappedPipeline(transform.pre_transform, mixed)
    dataset.pipeline = WrappedPipeline(dataset.pipeline, sample_filter)


def find_problem(sample: dict) -> str | None:
    """Find a fault in the annotation of a sample in MMPose's form.

    Returns:
        Name of the field, id of the annotation and the fault; None if there is none.
    """
    num_keypoints = len(sample['flip_indices']) if 'flip_indices' in sample else None
    ids = sample.get('id', '')
    for field, last in (('keypoints', 2), ('bbox', 4)):
        value = sample.get(field)
        if value is None:
            continue
        value = np.asarray(value)
        if value.dtype.kind not in 'fiu':
            return f'{field}: expected numbers, got {value.dtype}'
        if value.shape[-1:] != (last,):
            return f'{field}: expected {last} numbers each, got an array of shape {value.shape}'
        if field == 'keypoints' and num_keypoints not in (None, value.shape[-2]):
            return f'{field}: expected {num_keypoints} keypoints, got {value.shape[-2]}'
        if not np.isfinite(value).all():
            rows = np.flatnonzero(~np.isfinite(value.reshape(len(value), -1)).all(axis=1))
            of = f' of annotation {ids[rows[0]]}' if isinstance(ids, list) and ids else ''
            return f'{field}{of}: not finite'
    return None


def _name(sample: dict) -> str:
    """Describe a sample by its path and ids, before the pipeline changes it."""
    parts = [f'image id {sample["img_id"]}'] if 'img_id' in sample else []
    ids = sample.get('id')
    if ids is not None and not (isinstance(ids, list) and not ids):
        listed = ids if isinstance(ids, list) else [ids]
        parts.append('annotation ids ' + some([str(own) for own in listed], most=8))
    inside = f' ({"; ".join(parts)})' if parts else ''
    return f'{sample.get("img_path", "no img_path")}{inside}'


def _filter_evaluation(loader: Any) -> None:
    for owner in pipeline_owners(loader.dataset):
        if not is_wrapped(owner.pipeline, SampleFilter):
            filter_samples(owner, SampleFilter())
