"""The interface of estimators: the three steps from images to people."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from ..decoding import Panel
from ..errors import LitePoseError
from ..preprocessing.resize import Resized
from ..structures import PoseResult, Skeleton
from .boxes import Boxes, checked_boxes
from .images import Image, checked_image, is_list, one_line_errors


class BaseEstimator(ABC):
    """Finds people on images. Subclasses run the network; instances are thread-safe.

    Args:
        skeleton: The keypoints that the model finds.
        batch_size: How many images of a list pass through the network at once.
    """

    def __init__(self, skeleton: Skeleton, batch_size: int) -> None:
        self.skeleton = skeleton
        self.batch_size = batch_size

    @property
    def short_side(self) -> int | None:
        """Short side of the network's input in pixels; None if unknown."""
        return None

    @property
    def streams(self) -> int:
        """Number of images that pass through the network at the same time in a pipeline."""
        return 1

    @property
    def weights_file(self) -> Path | None:
        """The file that determines the weights; None if they are random."""
        return None

    @property
    def panel_names(self) -> tuple[str, ...]:
        """Names of the panels that a viewer may draw, see :meth:`get_panels`."""
        return ()

    @property
    def takes_boxes(self) -> bool:
        """Whether the model is top-down and processes one person at a time."""
        return False

    @overload
    def __call__(self, images: Image, boxes: Boxes | None = None) -> PoseResult: ...  # type: ignore[overload-overlap]  # str is a Sequence[str]

    @overload
    def __call__(
        self, images: Sequence[Image], boxes: Sequence[Boxes] | None = None
    ) -> list[PoseResult]: ...

    def __call__(self, images, boxes=None):
        """Finds the people on one image, or on each image of a list.

        Images of a list are batched only if their inputs have the same size, so nothing is padded
        and results do not depend on the other images of the list.

        Args:
            images: Path of an image, or BGR (H, W, 3) uint8; or a list of these.
            boxes: For top-down models: the people's boxes in pixels (N, 4), left, top, right and
                bottom, or another model's people on the image (see :func:`boxes_around`). For a
                list of images, a list of these. By default, one box covers the whole image.

        Returns:
            The people; for a list of images, a list of results in the same order.

        Raises:
            LitePoseError: An image cannot be read, is not BGR uint8, has an aspect ratio above 20,
                or needs more memory than is available; or the boxes are invalid, or the model
                does not take any.
        """
        if not is_list(images):
            return self._predict([images], [boxes])[0]
        images = list(images)
        boxes = [None] * len(images) if boxes is None else list(boxes)
        if len(boxes) != len(images):
            raise LitePoseError(
                f'boxes: expected one entry for each of {len(images)} images, got {len(boxes)}'
            )
        return self._predict(images, boxes)

    def _predict(self, images: Sequence[Image], boxes: Sequence[Boxes | None]) -> list[PoseResult]:
        results: dict[int, PoseResult] = {}
        waiting: dict[Hashable, list[tuple[int, Any]]] = {}  # incomplete batches by input shape

        def finish(batch: list[tuple[int, Any]]) -> None:
            indices, inputs = zip(*batch)
            sources = [_source(images[index]) for index in indices]
            found = self._finish(inputs, self._infer(inputs), sources)
            for index, result in zip(indices, found, strict=True):
                results[index] = result
            batch.clear()

        for index, (image, own) in enumerate(zip(images, boxes)):
            prepared = self.prepare(image, own)
            batch = waiting.setdefault(self._input_shape(prepared), [])
            batch.append((index, prepared))
            if len(batch) == self.batch_size:
                finish(batch)
        for batch in waiting.values():
            if batch:
                finish(batch)
        return [results[index] for index in range(len(images))]

    def prepare(self, image: Image, boxes: Boxes | None = None) -> Any:
        """Performs the first of three steps on one image, for callers that overlap the steps.

        Args:
            image: Path of an image, or BGR (H, W, 3) uint8.
            boxes: See :meth:`__call__`.

        Returns:
            The argument of :meth:`infer`.

        Raises:
            LitePoseError: See :meth:`__call__`.
        """
        image = checked_image(image)
        own_boxes = None
        if self.takes_boxes:
            own_boxes = checked_boxes(boxes, (image.shape[1], image.shape[0]))
        elif boxes is not None:
            raise LitePoseError('boxes: expected None, because the model is bottom-up')
        with one_line_errors(f'an image of {image.shape[1]}x{image.shape[0]}'):
            # The image may be a view that is not contiguous, such as rgb[..., ::-1].
            return self._prepare(np.ascontiguousarray(image), own_boxes)

    def infer(self, prepared: Any) -> Any:
        """Performs the second step: runs the network. Returns outputs for :meth:`finish`."""
        return self._infer([prepared])

    def finish(self, prepared: Any, outputs: Any, source: str | None = None) -> PoseResult:
        """Performs the third step: decodes the outputs into people.

        Args:
            prepared: The result of :meth:`prepare`.
            outputs: The result of :meth:`infer`.
            source: Where the image came from.
        """
        return self._finish([prepared], outputs, [source])[0]

    def get_panels(self, prepared: Any, outputs: Any) -> tuple[Resized, dict[str, Panel]] | None:
        """Returns the network's input and output maps for drawing; see :attr:`panel_names`.

        Args:
            prepared: The result of :meth:`prepare`.
            outputs: The result of :meth:`infer`.

        Returns:
            The input as an image, and the panels that may be drawn on it by name; None if there
            are none.
        """
        return None

    @abstractmethod
    def _prepare(self, image: np.ndarray, boxes: np.ndarray | None) -> Any:
        """Returns the network's input for an image, BGR (H, W, 3) uint8."""

    @abstractmethod
    def _input_shape(self, prepared: Any) -> Hashable:
        """Returns a key that is equal for inputs that can be batched."""

    @abstractmethod
    def _infer(self, inputs: Sequence[Any]) -> Any:
        """Returns the network's outputs for a batch of inputs of one shape."""

    @abstractmethod
    def _finish(
        self, inputs: Sequence[Any], outputs: Any, sources: Sequence[str | None]
    ) -> list[PoseResult]:
        """Returns the people of each input, whose images came from ``sources``."""


def _source(image: Image) -> str | None:
    return None if isinstance(image, np.ndarray) else os.fsdecode(image)
