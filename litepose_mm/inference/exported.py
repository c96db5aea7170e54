"""Find people on images with an exported model, without torch."""

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

    It is called like :class:`litepose_mm.PoseEstimator` and returns the same results.

    Args:
        folder: Folder that ``litepose export`` wrote, with the model and ``model.json``. Copying
            the estimator, or pickling it for another process, reads the folder again.
        threads: Number of threads of the engine; None leaves it to the engine.
        batch_size: How many images of a list pass through the network at once.

    Raises:
        LitePoseError: The folder does not contain a complete exported model, or its engine is not
            installed.
    """

    def __init__(
        self, folder: str | Path, *, threads: int | None = None, batch_size: int = 1
    ) -> None:
        self.folder = Path(folder).absolute()  # other processes may have other working directories
        self.threads = threads
        super().__init__(load_engine(folder, ModelCard.load(folder), threads), batch_size)

    def __reduce__(self) -> tuple[Any, ...]:
        """Makes copies and other processes load the same model again from its folder."""
        return _load_again, (type(self), self.folder, self.threads, self.batch_size, self.card)

    @property
    def weights_file(self) -> Path:
        return self.folder / CARD_NAME  # it contains the hashes of the other files


def _load_again(
    kind: type[PoseEstimator], folder: Path, threads: int | None, batch_size: int, card: ModelCard
) -> PoseEstimator:
    estimator = kind(folder, threads=threads, batch_size=batch_size)
    if estimator.card != card:
        raise LitePoseError(
            f'expected the model that the copied estimator had loaded from {folder}, but the '
            'folder now contains another one; export each model to its own folder'
        )
    return estimator
