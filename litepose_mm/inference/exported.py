"""Find people on images with an exported model, without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import LitePoseError
from .bundled import bundled_card, bundled_names, find_bundled
from .card import CARD_NAME, ModelCard
from .engines import load_engine
from .estimator import Estimator


class PoseEstimator(Estimator):
    """Finds people and their keypoints on images with an exported model.

    Example::

        estimator = PoseEstimator('litepose-xs', threads=2)
        result = estimator('photo.jpg')
        drawing = result.draw()

    It is called like :class:`litepose_mm.PoseEstimator` and returns the same results.

    Args:
        model: Folder that ``litepose export`` wrote, with the model and ``model.json``; or name of
            a model that the package carries. Copying the estimator, or pickling it for another
            process, reads the files again.
        threads: Number of threads of the engine for each image; None leaves it to the engine.
        streams: Number of images that several threads pass through the network at the same time.
            Two streams of one thread process more images than one stream of two threads, but each
            image takes longer.
        device: Device of the engine (docs/realtime.md, Devices); None means the CPU. If it is
            absent or fails, the next best one is used, with a warning. Copies use the same one.
        batch_size: How many images of a list pass through the network at once.
        engine: For a model that the package carries: an engine that reads ONNX files; None selects
            the fastest one that is installed.
        precision: The engine's precision for such a model; None selects the fastest one for which
            the device has instructions.
        flip_test: Whether to run the mirrored image too with such a model; None means no.
        short_side: Short side of such a model's input in pixels; None leaves it to the model.

    Raises:
        LitePoseError: The folder does not contain a complete exported model, an option does not
            fit, or the engine is not installed.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        threads: int | None = None,
        streams: int = 1,
        device: str | None = None,
        batch_size: int = 1,
        engine: str | None = None,
        precision: str | None = None,
        flip_test: bool | None = None,
        short_side: int | None = None,
    ) -> None:
        if not isinstance(model, (str, Path)):
            raise LitePoseError(f'model: expected a name or a folder, got {model!r}')
        options: dict[str, Any] = dict(
            engine=engine, precision=precision, flip_test=flip_test, short_side=short_side
        )
        bundled = {name: value for name, value in options.items() if value is not None}
        folder = None if Path(model).is_dir() else find_bundled(str(model))
        if folder is not None:
            card = bundled_card(folder, **bundled, device=device)
            bundled |= dict(engine=card.engine, precision=card.precision)
        elif bundled:
            raise LitePoseError(
                f'{min(bundled)}: expected the name of a model that the package carries, got '
                f'{model}; export it with this option'
            )
        elif Path(model).is_dir():
            card = ModelCard.load(model)
        else:
            raise LitePoseError(
                f'{model}: expected the folder of an exported model, or one of the models that the '
                f'package carries: {", ".join(bundled_names())}'
            )
        # Other processes may have other working directories.
        self.folder = Path(folder or model).absolute()
        super().__init__(load_engine(self.folder, card, threads, streams, device), batch_size)
        loading = dict(threads=threads, streams=streams, device=self.engine.device)
        self._arguments = model if folder else self.folder, {**loading, **bundled}

    def __reduce__(self) -> tuple[Any, ...]:
        """Makes copies and other processes load the same model again from its folder."""
        return _load_again, (type(self), *self._arguments, self.batch_size, self.card)

    @property
    def weights_file(self) -> Path:
        return self.folder / CARD_NAME  # it contains the hashes of the other files


def _load_again(
    kind: type[PoseEstimator],
    model: str | Path,
    options: dict[str, Any],
    batch_size: int,
    card: ModelCard,
) -> PoseEstimator:
    estimator = kind(model, batch_size=batch_size, **options)
    if estimator.card != card:
        raise LitePoseError(
            f'expected the model that the copied estimator had loaded from {model}, but the '
            'folder now contains another one; export each model to its own folder'
        )
    return estimator
