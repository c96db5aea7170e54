"""MMPose's metrics of keypoints for bottom-up results, whose people have to be found first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from mmpose.evaluation import metrics as mmpose_metrics
from mmpose.registry import METRICS

from ...errors import LitePoseError

_MOST_APART = 0.5  # of a box's longer side, on average over the labelled keypoints


def match_people(
    keypoints: np.ndarray,
    seen: np.ndarray,
    scores: np.ndarray,
    truth: np.ndarray,
    labelled: np.ndarray,
    sizes: np.ndarray,
) -> np.ndarray:
    """Who was found, by distance: sigmas are not needed.

    The people found choose in the order of their scores. Each takes the nearest annotated person
    whom nobody has taken, if it is within half a box.

    Args:
        keypoints: (N, K, 2) of the people found, in pixels.
        seen: (N, K) which of them were found; others count as a box's side away.
        scores: (N,) of the people found.
        truth: (M, K, 2) of the people annotated, in pixels.
        labelled: (M, K) which of them count; at least one of each person.
        sizes: (M,) longer sides of their boxes, in pixels.

    Returns:
        (M,) index of the person found, -1 for who was missed.
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
    """Hands each annotated person to a metric of MMPose, with whom the model found for it.

    Keypoints that were not found are infinitely far away. ``PCK found``, by the metric's name, is
    the share of the labelled keypoints that were found.
    """

    name = 'PCK'
    #: Whether an average of distances: only keypoints that were found have one.
    found_only = False

    def process(self, data_batch: Sequence[dict], data_samples: Sequence[dict]) -> None:
        """Keeps the people of a batch; arguments as MMPose's metrics."""
        for data_sample in data_samples:
            begin = len(self.results)
            for person, labelled, found in _people(data_sample, self.found_only):
                super().process(data_batch, [person])
                self.results[-1].update(num_labelled=labelled, num_found=found)
            # one entry an image: MMEngine keeps as many as the data set has
            self.results[begin:] = [self.results[begin:]]

    def compute_metrics(self, results: list) -> dict[str, float]:
        """MMPose's metrics, and how much was found.

        Raises:
            LitePoseError: Nobody is annotated.
        """
        people = [person for image in results for person in image]
        if not people:
            raise LitePoseError(
                f'{type(self).__name__}: nobody is annotated on the images that were evaluated'
            )
        found = sum(person['num_found'] for person in people)
        metrics = dict(super().compute_metrics(people))
        if self.found_only and not found:
            metrics = dict.fromkeys(metrics, float('nan'))
        labelled = sum(person['num_labelled'] for person in people)
        return {**metrics, f'{self.name} found': found / labelled}


def _people(sample: dict, found_only: bool) -> Iterator[tuple[dict, int, int]]:
    """A sample for each annotated person, and how many keypoints are labelled and found."""
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
    """Longer sides of the boxes, at least a pixel; around the labelled keypoints without boxes."""
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
