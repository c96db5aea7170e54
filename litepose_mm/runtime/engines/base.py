"""What all engines have in common: checks, batches, and errors in one line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...errors import LitePoseError, reason
from ...picture_estimator import check_positive, inputs_text, one_line_errors

if TYPE_CHECKING:
    from ..card import ModelCard


class Engine(ABC):
    """A model, loaded. Threads may share it.

    Args:
        folder: Where the model's files are.
        card: Its card.
        threads: How many threads the engine takes; ``None`` leaves it to the engine.

    Attributes:
        card: The model's card.

    Raises:
        LitePoseError: The engine cannot load the model.
    """

    #: Most inputs at once that the engine can take, beside the card's limit; ``None``: any number.
    batch_limit: ClassVar[int | None] = None

    def __init__(self, folder: str | Path, card: ModelCard, threads: int | None = None) -> None:
        if threads is not None:
            check_positive('threads', threads)
        self.card = card
        try:
            self._load(Path(folder), threads)
        except LitePoseError:
            raise
        except Exception as error:  # an engine raises what it likes
            raise LitePoseError(
                f'{card.engine} cannot load the model in {folder}: {reason(error)}; export it '
                f'again, or install the {card.engine} that its card names under versions'
            ) from error

    @abstractmethod
    def _load(self, folder: Path, threads: int | None) -> None:
        """Loads the model's files, whose hashes are checked."""

    @abstractmethod
    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        """The outputs that ``card.output_names`` names, for a batch that fits.

        Several threads call it at once. Nothing may write to the arrays later: the engine's memory
        is copied before another run can get it.
        """

    def run(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """Runs the model; a batch that is too large in pieces.

        Args:
            batch: Normalised inputs, float32 ``(B, 3, H, W)``.

        Returns:
            Float32 ``heatmaps (B, K, h, w)`` and ``tags (B, L * K, h', w')``; of a model with
            candidates, ``values (B, K, M)``, ``positions (B, K, M, 2)`` and ``tags
            (B, K, M, L)``.

        Raises:
            LitePoseError: The batch is not of a shape that the model takes, its outputs are not
                what its card says, the engine fails, or memory runs out.
        """
        self._check_batch(batch)
        batch = np.ascontiguousarray(batch)
        limits = (self.card.batch_limit, self.batch_limit, len(batch))
        step = min(limit for limit in limits if limit is not None)
        parts = [self._run_part(batch[i : i + step]) for i in range(0, len(batch), step)]
        outputs = tuple(np.concatenate(part) if len(part) > 1 else part[0] for part in zip(*parts))
        self._check_outputs(outputs, batch.shape)
        return outputs

    def _run_part(self, batch: np.ndarray) -> list[np.ndarray]:
        what = inputs_text(len(batch), batch.shape[3], batch.shape[2])
        try:
            with one_line_errors(what):
                outputs = self._run(batch)
        except LitePoseError:
            raise
        except Exception as error:
            engine = self.card.engine
            advice = f'export it again, or install the {engine} that its card names under versions'
            if self._runs_another_shape(batch.shape):
                shape = f'{batch.shape[3]}x{batch.shape[2]}'
                advice = f'export the model for this shape: litepose export … --static {shape}'
            raise LitePoseError(f'{engine} fails on {what}: {reason(error)}; {advice}') from error
        return [np.asarray(output, dtype=np.float32) for output in outputs]

    def _runs_another_shape(self, shape: Sequence[int]) -> bool:
        """Whether as many inputs of the card's size go through, so that the shape is at fault."""
        card = self.card
        side = -(-card.input_size // card.size_divisor) * card.size_divisor
        if card.input_shape is not None or (side, side) == tuple(shape[2:]):
            return False
        try:
            self._run(np.zeros((*shape[:2], side, side), np.float32))
        except Exception:  # an engine raises what it likes
            return False
        return True

    def _check_batch(self, batch: np.ndarray) -> None:
        if not isinstance(batch, np.ndarray) or batch.dtype != np.float32 or batch.ndim != 4:
            got = getattr(batch, 'dtype', type(batch).__name__)
            raise LitePoseError(
                f'expected normalised inputs as a float32 array (B, 3, H, W), got {got} '
                f'{getattr(batch, "shape", "")}'
            )
        shape, divisor = self.card.input_shape, self.card.size_divisor
        height, width = batch.shape[2:]
        if shape is None:
            expected = f'(B, 3, H, W) with sides that are multiples of {divisor}'
            fits = height > 0 < width and height % divisor == width % divisor == 0
        else:
            expected, fits = f'(B, 3, {shape[0]}, {shape[1]})', (height, width) == shape
        if not fits or batch.shape[1] != 3 or not len(batch):
            raise LitePoseError(
                f'the model {self.card.name} takes inputs {expected}, got {batch.shape}; resize '
                'them, or export the model for another shape'
            )

    def _check_outputs(self, outputs: Sequence[np.ndarray], batch_shape: Sequence[int]) -> None:
        card, joints = self.card, self.card.num_keypoints
        count, _, height, width = batch_shape
        if card.outputs == 'maps':
            stride = card.strides[-1]
            expected = (
                (count, joints, height // stride, width // stride),
                (count, card.tag_dim * joints, None, None),
            )
        else:
            first = (count, joints, None)
            expected = (first, (*first, 2), (*first, card.tag_dim))
        got = tuple(output.shape for output in outputs)
        if not all(map(_fits, got, expected)):
            raise LitePoseError(
                f'the model does not fit its card: expected outputs {", ".join(card.output_names)} '
                f'of {expected}, got {got}; export it again'
            )


def _fits(shape: Sequence[int], expected: Sequence[int | None]) -> bool:
    return len(shape) == len(expected) and all(
        want in (None, side) for side, want in zip(shape, expected)
    )
