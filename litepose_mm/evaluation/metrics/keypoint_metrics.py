"""MMPose's keypoint metrics for bottom-up results, in which people have to be matched first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from mmpose.evaluation import metrics as mmpose_metrics
from mmpose.registry import METRICS

from ...errors import LitePoseError

_MOST_APART = 0.5  # largest mean distance of a match, as a share of the box's longer side


def match_people(
    keypoints: np.ndarray,
    seen: np.ndarray,
    scores: np.ndarray,
    truth: np.ndarray,
    labelled: np.ndarray,
    sizes: np.ndarray,
) -> np.ndarray:
    """Match the people that were found to the annotated people by distance, without sigmas.

    In the order of their scores, the people that were found are matched to the nearest annotated
    person that is still free, if the distance is at most half the box's longer side.

    Args:
        keypoints: (N, K, 2) keypoints of the people that were found, in pixels.
        seen: (N, K) whether each was found; the distance of others is a box's longer side.
        scores: (N,) scores of the people that were found.
        truth: (M, K, 2) keypoints of the annotated people, in pixels.
        labelled: (M, K) whether each counts; at least one of each person.
        sizes: (M,) longer sides of the boxes of the annotated people, in pixels.

    Returns:
        (M,) index of the person that was found, or -1 for a person who was missed.
    """
    chosen = np.full(len(truth), -1)
    if not len(truth):
        return chosen
    for index in np.argsort(-scores, kind='stable'):
        apart = np.linalg.norm(keypoints[index] - truth, axis=-1) / sizes[:, None]
        apart = np.where(seen[index], np.minimum(apart, 1), 1)
        mean = (apart * labelled).sum(axis=1) / labelled.sum(axis=1)
        mean[chosen >= 0] = np.inf
        nearest = int(mean.argmin())
        if mean[nearest] <= _MOST_APART:
            chosen[nearest] = index
    return chosen


class _BottomupMetric:
    """Passes each annotated person to a metric of MMPose, together with the matching result.

    Keypoints that were not found are infinitely far away. An additional metric, such as
    ``PCK found``, is the share of the labelled keypoints that were found.
    """

    name = 'PCK'
    #: Whether only found keypoints are evaluated, for metrics that average distances.
    found_only = False

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Process the people of a batch."""
        for data_sample in data_samples:
            begin = len(self.results)
            for person, labelled, found in _people(data_sample, self.found_only):
                super().process(data_batch, [person])
                self.results[-1].update(num_labelled=labelled, num_found=found)
            # One entry per image, since MMEngine keeps as many entries as the data set has images.
            self.results[begin:] = [self.results[begin:]]

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute MMPose's metrics and the share of keypoints that were found.

        Raises:
            LitePoseError: Nobody is annotated.
        """
        people = [person for image in results for person in image]
        if not people:
            raise LitePoseError(
                f'{type(self).__name__}: expected annotated people in the images that were '
                'evaluated, got none'
            )
        found = sum(person['num_found'] for person in people)
        metrics = dict(super().compute_metrics(people))
        if self.found_only and not found:
            metrics = dict.fromkeys(metrics, float('nan'))
        labelled = sum(person['num_labelled'] for person in people)
        return {**metrics, f'{self.name} found': found / labelled}


def _people(sample: dict, found_only: bool) -> Iterator[tuple[dict, int, int]]:
    """Yield a sample for each annotated person, and its numbers of labelled and found keypoints."""
    given, found = sample.get('gt_instances') or {}, sample['pred_instances']
    truth = np.asarray(given.get('keypoints', ()), dtype=np.float64)
    if not len(truth):
        return
    visible = np.asarray(given['keypoints_visible'])
    labelled = (visible if visible.ndim == 2 else visible[..., 0]) > 0
    keep = labelled.any(axis=1)
    keypoints = np.asarray(found['keypoints'], dtype=np.float64).reshape(-1, *truth.shape[1:])
    seen = np.asarray(found['keypoint_scores']).reshape(keypoints.shape[:2]) > 0
    keypoints = np.where(seen[..., None], keypoints, np.inf)
    chosen = np.full(len(truth), -1)
    chosen[keep] = match_people(
        keypoints,
        seen,
        _scores(found),
        truth[keep],
        labelled[keep],
        _sizes(given, truth, labelled)[keep],
    )
    for index in np.flatnonzero(keep):
        own = np.full_like(truth[index], np.inf) if chosen[index] < 0 else keypoints[chosen[index]]
        hit = labelled[index] & np.isfinite(own).all(axis=-1)
        person = {name: values[index : index + 1] for name, values in given.items()}
        person['keypoints_visible'] = (hit if found_only else labelled[index])[None]
        one = dict(sample, gt_instances=person, pred_instances=dict(keypoints=own[None]))
        yield one, int(labelled[index].sum()), int(hit.sum())


def _scores(found: dict) -> np.ndarray:
    scores = found.get('bbox_scores')
    return np.asarray(found['keypoint_scores']).mean(axis=-1) if scores is None else scores


def _sizes(given: dict, truth: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """Return the longer sides, at least a pixel, of the boxes or else of the labelled keypoints."""
    boxes: Any = given.get('bboxes')
    if boxes is None:
        points = np.where(labelled[..., None], truth, np.nan)
        low, high = (np.nan_to_num(each(points, axis=1)) for each in (np.nanmin, np.nanmax))
    else:
        low, high = np.asarray(boxes)[:, :2], np.asarray(boxes)[:, 2:4]
    return np.maximum((high - low).max(axis=1), 1)


@METRICS.register_module()
class BottomupPCKAccuracy(_BottomupMetric, mmpose_metrics.PCKAccuracy):
    """``PCKAccuracy`` of bottom-up results: keypoints that were not found count as wrong."""


@METRICS.register_module()
class BottomupMpiiPCKAccuracy(_BottomupMetric, mmpose_metrics.MpiiPCKAccuracy):
    """``MpiiPCKAccuracy`` of bottom-up results: keypoints that were not found count as wrong."""


@METRICS.register_module()
class BottomupJhmdbPCKAccuracy(_BottomupMetric, mmpose_metrics.JhmdbPCKAccuracy):
    """``JhmdbPCKAccuracy`` of bottom-up results: keypoints that were not found count as wrong."""


@METRICS.register_module()
class BottomupAUC(_BottomupMetric, mmpose_metrics.AUC):
    """``AUC`` of bottom-up results: keypoints that were not found count as wrong."""

    name = 'AUC'


@METRICS.register_module()
class BottomupEPE(_BottomupMetric, mmpose_metrics.EPE):
    """``EPE`` of the keypoints that were found; read it together with ``EPE found``."""

    name = 'EPE'
    found_only = True


@METRICS.register_module()
class BottomupNME(_BottomupMetric, mmpose_metrics.NME):
    """``NME`` of the keypoints that were found; read it together with ``NME found``."""

    name = 'NME'
    found_only = True
