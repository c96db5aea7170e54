"""Find people on images by preprocessing, running an engine and decoding its outputs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np

from ..decoding import Panel, missing_at_zero
from ..preprocessing.resize import Resized
from ..structures import PoseResult
from .base import BaseEstimator
from .engines import Engine
from .images import check_positive, inputs_text, one_line_errors


class Estimator(BaseEstimator):
    """Finds people on images with a model that is loaded in an engine.

    Args:
        engine: The loaded model, with its card.
        batch_size: How many images of a list pass through the network at once.

    Attributes:
        engine: The loaded model.
        card: The model's card.
        skeleton: The keypoints that the model finds.
    """

    def __init__(self, engine: Engine, batch_size: int = 1) -> None:
        check_positive('batch_size', batch_size)
        self.engine, self.card = engine, engine.card
        super().__init__(self.card.skeleton, batch_size)

    @property
    def streams(self) -> int:
        return self.engine.streams

    @property
    def short_side(self) -> int:
        return min(self.card.input_shape or [self.card.resize.short_side])

    @property
    def takes_boxes(self) -> bool:
        return self.card.resize.takes_boxes

    @property
    def panel_names(self) -> tuple[str, ...]:
        return self.card.decoder.panel_names

    def get_panels(
        self, prepared: Prepared, outputs: Sequence[np.ndarray]
    ) -> tuple[Resized, dict[str, Panel]] | None:
        panels = self.card.decoder.panels(outputs) if prepared.resized else {}
        return (prepared.resized[0], panels) if panels else None

    def _prepare(self, image: np.ndarray, boxes: np.ndarray | None) -> Prepared:
        shape = self.card.input_shape
        resized = self.card.resize.resize(image, shape, boxes)
        nobody = (0, *(shape or (0, 0)), 3)
        inputs = _joined([each.image[None] for each in resized], nobody, np.uint8)
        return Prepared(resized, inputs, (image.shape[1], image.shape[0]))

    def _input_shape(self, prepared: Prepared) -> Hashable:
        return prepared.inputs.shape[1:]

    def _infer(self, inputs: Sequence[Prepared]) -> Sequence[np.ndarray]:
        parts = [each.inputs for each in inputs]
        with _errors_about(inputs):
            batch = np.concatenate(parts) if len(parts) > 1 else parts[0]
            return self.engine.run(batch) if len(batch) else ()

    def _finish(
        self,
        inputs: Sequence[Prepared],
        outputs: Sequence[np.ndarray],
        sources: Sequence[str | None],
    ) -> list[PoseResult]:
        decoder, people = self.card.decoder, iter(())
        if outputs:
            with _errors_about(inputs):
                boxes = [resized.box for each in inputs for resized in each.resized]
                people = iter(decoder.decode(outputs, inputs[0].inputs.shape[1:3], boxes))
        return [
            self._result(each, [next(people) for _ in each.resized], source)
            for each, source in zip(inputs, sources, strict=True)
        ]

    def _result(self, prepared: Prepared, found: Sequence, source: str | None) -> PoseResult:
        num_keypoints = self.skeleton.num_keypoints
        keypoints = [
            missing_at_zero(resized.to_original(own.keypoints), own.keypoint_scores)
            for resized, own in zip(prepared.resized, found)
        ]
        tags = [own.tags for own in found]
        return PoseResult(
            keypoints=_joined(keypoints, (0, num_keypoints, 2)),
            keypoint_scores=_joined([own.keypoint_scores for own in found], (0, num_keypoints)),
            scores=_joined([own.scores for own in found], (0,)),
            skeleton=self.skeleton,
            image_size=prepared.image_size,
            tags=None if not tags or tags[0] is None else _joined(tags, (0, 1)),
            source=source,
        )


def _joined(
    parts: Sequence[np.ndarray], empty: tuple[int, ...], dtype: type = np.float32
) -> np.ndarray:
    if len(parts) == 1:
        return parts[0]  # without a copy
    return np.concatenate(parts) if parts else np.zeros(empty, dtype)


class Prepared(NamedTuple):
    """A preprocessed image.

    Attributes:
        resized: The image at the input's size; for a top-down model, a crop for each person.
        inputs: The same as a batch, ``(N, H, W, 3)``.
        image_size: Width and height of the original image.
    """

    resized: list[Resized]
    inputs: np.ndarray
    image_size: tuple[int, int]


def _errors_about(inputs: Sequence[Prepared]) -> AbstractContextManager[None]:
    height, width = inputs[0].inputs.shape[1:3]
    return one_line_errors(inputs_text(len(inputs), width, height))
