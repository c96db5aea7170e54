"""Find the keypoints of people on a sequence of images, most of them without a detector."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..inference.base import BaseEstimator
from ..inference.cascade import Cascade, boxes_of_sure
from ..inference.images import check_positive
from ..structures import PoseResult


class TrackedCascade(Cascade):
    """A cascade for the frames of one source, in their order.

    The detector runs on every ``every``-th frame, on the first one, after a change of the frames'
    size, and while nobody is there. In between, people get boxes around their keypoints on the
    previous frame, as in rtmlib. :class:`PoseTracker` gives them ids, as it does for other results.

    Example::

        estimator = TrackedCascade(detector, topdown, every=10)
        with RealTimePipeline(open_source('0'), estimator, PoseTracker()) as pipeline:
            ...

    Args:
        detector: See :class:`Cascade`.
        estimator: See :class:`Cascade`.
        every: Number of frames from one detection to the next. New people appear as late.

    Raises:
        LitePoseError: See :class:`Cascade`, or ``every`` is not positive.
    """

    def __init__(self, detector: BaseEstimator, estimator: BaseEstimator, every: int = 10) -> None:
        super().__init__(detector, estimator)
        self.every = check_positive('every', every)
        self.batch_size = 1
        self._last: PoseResult | None = None
        self._age = 0

    @property
    def streams(self) -> int:
        return 1  # a frame needs the people of the previous one

    def _prepare(self, image: np.ndarray, boxes: np.ndarray | None) -> np.ndarray:
        return image

    def _input_shape(self, prepared: np.ndarray) -> Hashable:
        return prepared.shape

    def _infer(self, inputs: Sequence[np.ndarray]) -> list[PoseResult]:
        return [self._next(image) for image in inputs]

    def _finish(
        self, inputs: Sequence[np.ndarray], outputs: Any, sources: Sequence[str | None]
    ) -> list[PoseResult]:
        return [replace(people, source=source) for people, source in zip(outputs, sources)]

    def _next(self, image: np.ndarray) -> PoseResult:
        boxes = np.zeros((0, 4), np.float32)
        last, size = self._last, (image.shape[1], image.shape[0])
        if last is not None and self._age < self.every and last.image_size == size:
            boxes = boxes_of_sure(last)
        if not len(boxes):
            boxes, self._age = boxes_of_sure(self.detector(image)), 0
        self._age += 1
        self._last = self.distinct(self.estimator(image, boxes))
        return self._last
