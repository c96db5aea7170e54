"""Three lines from a picture to people, without torch."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..decoding import DecodedPeople, decode_outputs, missing_at_zero
from ..errors import LitePoseError
from ..picture_estimator import PictureEstimator, check_positive, inputs_text, one_line_errors
from ..resize import Box, Resized
from ..structures import PoseResult
from .card import CARD_NAME, ModelCard
from .engines import load_engine
from .preprocessing import Preprocessor


class PoseEstimator(PictureEstimator):
    """Finds people and their keypoints on pictures with an exported model.

    Example::

        estimator = PoseEstimator('exported/litepose-m', threads=2)
        result = estimator('photo.jpg')
        drawing = result.draw()

    It is called as :class:`litepose_mm.apis.PoseEstimator` is, and finds the same.

    Args:
        folder: What ``litepose export`` wrote: the model and ``model.json``. A copy of the
            estimator, or one that is pickled for another process, reads it again.
        threads: How many threads the engine takes; None leaves it to the engine.
        batch_size: How many pictures of a list go through the network at once.

    Attributes:
        card: The model's card.
        engine: The loaded model.
        preprocessor: From pictures to the engine's input.
        skeleton: The keypoints it finds.

    Raises:
        LitePoseError: The folder does not hold an exported model that is whole, or its engine is
            not installed.
    """

    def __init__(
        self, folder: str | Path, *, threads: int | None = None, batch_size: int = 1
    ) -> None:
        check_positive('batch_size', batch_size)
        self.folder = Path(folder).absolute()  # for processes whose working directory is another
        self.threads = threads
        self.card = ModelCard.load(folder)
        self.engine = load_engine(folder, self.card, threads)
        self.preprocessor = Preprocessor(self.card)
        super().__init__(self.card.skeleton, batch_size)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and other processes load the same model again from its folder."""
        return _load_again, (type(self), self.folder, self.threads, self.batch_size, self.card)

    @property
    def input_size(self) -> int:
        return min(self.card.input_shape or [self.card.input_size])

    @property
    def weights_file(self) -> Path:
        return self.folder / CARD_NAME  # it holds the hashes of the others

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        input_size: tuple[int, int],
        boxes: Sequence[Box | None],
    ) -> list[DecodedPeople]:
        """Finds people in what ``engine.run`` returned.

        Args:
            outputs: Of the engine.
            input_size: Height and width of its inputs.
            boxes: What of each input counts, see :class:`Resized`.

        Returns:
            The people of each input, positions in its pixels.
        """
        card = self.card
        return decode_outputs(
            card.decoder, outputs, boxes, card.strides[-1], input_size, card.restore_heatmap_size
        )

    def maps(
        self, prepared: _Prepared, outputs: Sequence[np.ndarray]
    ) -> tuple[Resized, np.ndarray, np.ndarray] | None:
        if self.card.outputs != 'maps':
            return None
        heatmaps, tags = (each[0] for each in outputs)
        return prepared.resized, heatmaps, tags

    def _prepare(self, image: np.ndarray) -> _Prepared:
        resized = self.preprocessor.resize(image)
        inputs = self.preprocessor.batch([resized.image])
        return _Prepared(resized, inputs, image.shape[1::-1])

    def _input_shape(self, prepared: _Prepared) -> Hashable:
        return prepared.inputs.shape

    def _infer(self, inputs: Sequence[_Prepared]) -> Sequence[np.ndarray]:
        batch = [each.inputs for each in inputs]
        with _errors_about(inputs):
            return self.engine.run(np.concatenate(batch) if len(batch) > 1 else batch[0])

    def _finish(
        self,
        inputs: Sequence[_Prepared],
        outputs: Sequence[np.ndarray],
        sources: Sequence[str | None],
    ) -> list[PoseResult]:
        with _errors_about(inputs):
            boxes = [each.resized.box for each in inputs]
            people = self.decode(outputs, inputs[0].inputs.shape[2:], boxes)
        return [
            PoseResult(
                keypoints=missing_at_zero(
                    each.resized.to_original(found.keypoints), found.keypoint_scores
                ),
                keypoint_scores=found.keypoint_scores,
                scores=found.scores,
                skeleton=self.skeleton,
                image_size=each.image_size,
                tags=found.tags,
                source=source,
            )
            for each, found, source in zip(inputs, people, sources, strict=True)
        ]


def _load_again(
    kind: type[PoseEstimator], folder: Path, threads: int | None, batch_size: int, card: ModelCard
) -> PoseEstimator:
    estimator = kind(folder, threads=threads, batch_size=batch_size)
    if estimator.card != card:
        raise LitePoseError(
            f'expected the model that the estimator was copied with in {folder}, but it holds '
            'another one; export each model to a folder of its own'
        )
    return estimator


class _Prepared(NamedTuple):
    """A picture on its way: resized, normalised ``(1, 3, H, W)``, and its width and height."""

    resized: Resized
    inputs: np.ndarray
    image_size: tuple[int, int]


def _errors_about(inputs: Sequence[_Prepared]) -> AbstractContextManager[None]:
    height, width = inputs[0].inputs.shape[2:]
    return one_line_errors(inputs_text(len(inputs), width, height))
