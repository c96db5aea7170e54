"""Find people with a bottom-up model, and then the keypoints of each with a top-down model."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import LitePoseError
from ..evaluation.functional.oks import box_areas, keypoint_similarity
from ..structures import PoseResult
from .base import BaseEstimator
from .boxes import boxes_around

#: People of the detector with lower scores get no box, and people who are more alike are the same
#: one, by COCO's object keypoint similarity; the latter is MMPose's limit of top-down evaluations.
MIN_SCORE, MAX_SIMILARITY = 0.1, 0.9


class Cascade(BaseEstimator):
    """A bottom-up model as the detector of a top-down model.

    All people of an image pass through the top-down network at once. Its skeleton need not be the
    detector's.

    Example::

        estimator = Cascade(PoseEstimator('litepose-xs'), PoseEstimator('exported-topdown'))
        result = estimator('photo.jpg')

    Args:
        detector: Finds people; in torch or exported.
        estimator: The top-down model that gets boxes around them, see :func:`boxes_around`.

    Raises:
        LitePoseError: One of them is a model of the other kind, or the skeleton has no sigmas.
    """

    def __init__(self, detector: BaseEstimator, estimator: BaseEstimator) -> None:
        if detector.takes_boxes:
            raise LitePoseError('detector: expected a bottom-up model, got a top-down one')
        if not estimator.takes_boxes:
            raise LitePoseError(
                'estimator: expected a top-down model for the boxes of a detector, got a bottom-up '
                'one, which needs no detector'
            )
        super().__init__(estimator.skeleton, detector.batch_size)
        self.detector, self.estimator = detector, estimator
        self._sigmas = self.skeleton.oks_sigmas('the cascade')

    @property
    def streams(self) -> int:
        return self.detector.streams

    @property
    def weights_file(self) -> Path | None:
        return self.estimator.weights_file

    def _prepare(self, image: np.ndarray, boxes: np.ndarray | None) -> Any:
        return _Prepared(image, self.detector._prepare(image, None))

    def _input_shape(self, prepared: Any) -> Hashable:
        return self.detector._input_shape(prepared.detection)

    def _infer(self, inputs: Sequence[Any]) -> Any:
        detections = [each.detection for each in inputs]
        sources = [None] * len(inputs)
        found = self.detector._finish(detections, self.detector._infer(detections), sources)
        crops = [
            self.estimator._prepare(each.image, boxes_of_sure(people))
            for each, people in zip(inputs, found)
        ]
        return crops, self.estimator._infer(crops)

    def _finish(
        self, inputs: Sequence[Any], outputs: Any, sources: Sequence[str | None]
    ) -> list[PoseResult]:
        crops, own = outputs
        return [self.distinct(each) for each in self.estimator._finish(crops, own, sources)]

    def distinct(self, people: PoseResult) -> PoseResult:
        """Returns people without the weaker of those who are the same, found in two boxes."""
        order = np.argsort(-people.scores, kind='stable')
        seen = people.found()
        alike = keypoint_similarity(
            people.keypoints,
            seen,
            people.keypoints,
            seen,
            self._sigmas,
            box_areas(people.keypoints, seen),
        )
        kept: list[int] = []
        for person in order:
            if not (alike[kept, person] > MAX_SIMILARITY).any():
                kept.append(int(person))
        return people if len(kept) == len(people) else people[sorted(kept)]


def boxes_of_sure(people: PoseResult) -> np.ndarray:
    """Returns boxes around the people whose score is at least :data:`MIN_SCORE`."""
    return boxes_around(people.filter(MIN_SCORE))


class _Prepared(NamedTuple):
    """An image and the detector's input."""

    image: np.ndarray
    detection: Any
