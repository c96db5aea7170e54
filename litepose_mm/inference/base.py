"""The three steps from images to people, whatever runs the network."""

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
from .images import Image, checked_image, is_list, one_line_errors

#: Boxes of people: left, top, right and bottom in pixels ``(N, 4)``; or people, whose boxes count.
Boxes = np.ndarray | Sequence[Sequence[float]] | PoseResult


class BaseEstimator(ABC):
    """Finds people on images; a subclass knows the network. Threads may share it.

    Args:
        skeleton: The keypoints it finds.
        batch_size: How many images of a list go through the network at once.
    """

    def __init__(self, skeleton: Skeleton, batch_size: int) -> None:
        self.skeleton = skeleton
        self.batch_size = batch_size

    @property
    def input_size(self) -> int | None:
        """Short side of the network's input, in pixels; None where it is not known."""
        return None

    @property
    def weights_file(self) -> Path | None:
        """The file that determines the weights; None where they are random."""
        return None

    @property
    def panel_names(self) -> tuple[str, ...]:
        """What a viewer may draw beside the people, see :meth:`get_panels`."""
        return ()

    @property
    def takes_boxes(self) -> bool:
        """Whether it looks at one person at a time, as top-down models do."""
        return False

    @overload
    def __call__(self, images: Image, boxes: Boxes | None = None) -> PoseResult: ...

    @overload
    def __call__(
        self, images: Sequence[Image], boxes: Sequence[Boxes] | None = None
    ) -> list[PoseResult]: ...

    def __call__(self, images, boxes=None):
        """Finds the people on one image, or on each of a list.

        Images of a list go through the network together only where their inputs have the same
        size, so nothing is padded and results do not depend on what else is in the list.

        Args:
            images: Path of an image, or BGR (H, W, 3) uint8; or a list of these.
            boxes: For top-down models: the people's boxes in pixels (N, 4), left, top, right and
                bottom, or a result of another model, whose people's boxes count; for a list of
                images, a list of these. Without boxes, the whole image is one.

        Returns:
            The people; for a list, a list of results in its order.

        Raises:
            LitePoseError: An image cannot be read, is not BGR uint8, is longer than 20 times its
                other side, or takes more memory than there is; or it is something else; or the
                boxes are not such boxes, or the model takes none.
        """
        if not is_list(images):
            return self._predict([images], [boxes])[0]
        images = list(images)
        boxes = [None] * len(images) if boxes is None else list(boxes)
        if len(boxes) != len(images):
            raise LitePoseError(
                f'boxes: expected an entry for each of {len(images)} images, got {len(boxes)}'
            )
        return self._predict(images, boxes)

    def _predict(self, images: Sequence[Image], boxes: Sequence[Boxes | None]) -> list[PoseResult]:
        results: list[PoseResult | None] = [None] * len(images)
        waiting: dict[Hashable, list[tuple[int, Any]]] = {}  # inputs of one size, not yet a batch

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
        return results

    def prepare(self, image: Image, boxes: Boxes | None = None) -> Any:
        """The first of three steps of one image, for callers that overlap them.

        Args:
            image: Path of an image, or BGR (H, W, 3) uint8.
            boxes: As when called.

        Returns:
            What :meth:`infer` takes.

        Raises:
            LitePoseError: As when called.
        """
        image = checked_image(image)
        if self.takes_boxes:
            boxes = _checked_boxes(boxes, image)
        elif boxes is not None:
            raise LitePoseError('boxes: expected none, since the model is bottom-up')
        with one_line_errors(f'an image of {image.shape[1]}x{image.shape[0]}'):
            # contiguous, where it is a view such as rgb[..., ::-1]
            return self._prepare(np.ascontiguousarray(image), boxes)

    def infer(self, prepared: Any) -> Any:
        """The second step: the network. Returns what :meth:`finish` takes."""
        return self._infer([prepared])

    def finish(self, prepared: Any, outputs: Any, source: str | None = None) -> PoseResult:
        """The third step: the people.

        Args:
            prepared: Of :meth:`prepare`.
            outputs: Of :meth:`infer`.
            source: Where the image came from.
        """
        return self._finish([prepared], outputs, [source])[0]

    def get_panels(self, prepared: Any, outputs: Any) -> tuple[Resized, dict[str, Panel]] | None:
        """What the network saw and gave, for drawings; see :attr:`panel_names`.

        Args:
            prepared: Of :meth:`prepare`.
            outputs: Of :meth:`infer`.

        Returns:
            The input as an image, and what may be drawn on it, by name; None where there is
            nothing.
        """
        return None

    @abstractmethod
    def _prepare(self, image: np.ndarray, boxes: np.ndarray | None) -> Any:
        """The network's input for an image, BGR (H, W, 3) uint8."""

    @abstractmethod
    def _input_shape(self, prepared: Any) -> Hashable:
        """What inputs that go through the network together have in common."""

    @abstractmethod
    def _infer(self, inputs: Sequence[Any]) -> Any:
        """What the network gives for some inputs of one shape."""

    @abstractmethod
    def _finish(
        self, inputs: Sequence[Any], outputs: Any, sources: Sequence[str | None]
    ) -> list[PoseResult]:
        """The people of each input, whose images came from ``sources``."""


def _source(image: Image) -> str | None:
    return None if isinstance(image, np.ndarray) else os.fsdecode(image)


def _checked_boxes(boxes: Boxes | None, image: np.ndarray) -> np.ndarray:
    if boxes is None:
        height, width = image.shape[:2]
        return np.array([[0, 0, width, height]], dtype=np.float32)
    given = boxes.bboxes if isinstance(boxes, PoseResult) else boxes
    try:
        values = np.asarray(given, dtype=np.float32).reshape(-1, 4)
    except (TypeError, ValueError):
        values = np.full((1, 4), np.nan)
    if not (np.isfinite(values).all() and (values[:, 2:] > values[:, :2]).all()):
        raise LitePoseError(
            'boxes: expected left, top, right and bottom in pixels of each person, (N, 4), with '
            f'right beyond left and bottom beyond top, got '
            f'{" ".join(repr(given).split())[:200]}'
        )
    return values
