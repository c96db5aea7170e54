"""Three lines from an image to people, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import LitePoseError
from .card import CARD_NAME, ModelCard
from .engines import load_engine
from .estimator import Estimator


class PoseEstimator(Estimator):
    """Finds people and their keypoints on images with an exported model.

    Example::

        estimator = PoseEstimator('exported/litepose-m', threads=2)
        result = estimator('photo.jpg')
        drawing = result.draw()

    It is called as :class:`litepose_mm.PoseEstimator` is, and finds the same.

    Args:
        folder: What ``litepose export`` wrote: the model and ``model.json``. A copy of the
            estimator, or one that is pickled for another process, reads it again.
        threads: How many threads the engine takes; None leaves it to the engine.
        batch_size: How many images of a list go through the network at once.

    Raises:
        LitePoseError: The folder does not hold an exported model that is whole, or its engine is
            not installed.
    """

    def __init__(
        self, folder: str | Path, *, threads: int | None = None, batch_size: int = 1
    ) -> None:
        self.folder = Path(folder).absolute()  # for processes whose working directory is another
        self.threads = threads
        super().__init__(load_engine(folder, ModelCard.load(folder), threads), batch_size)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and other processes load the same model again from its folder."""
        return _load_again, (type(self), self.folder, self.threads, self.batch_size, self.card)

    @property
    def weights_file(self) -> Path:
        return self.folder / CARD_NAME  # it holds the hashes of the others


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
