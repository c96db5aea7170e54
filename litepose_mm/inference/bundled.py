"""Exported models that the package carries, which need no torch.

``tools/misc/export_bundled.py`` makes them of the bundled weights.
"""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from ..errors import LitePoseError
from ..zoo.shipped_weights import full_name
from .card import ModelCard
from .engines import engines, quickest_engine
from .images import check_short_side

FOLDER = Path(__file__).resolve().parents[1] / 'zoo' / 'exports'


def card_name(flip_test: bool) -> str:
    """Returns the name of a card in a model's folder; the graph has the same stem."""
    return 'flip.json' if flip_test else 'model.json'


def find_bundled(model: str) -> Path | None:
    """Returns the folder of a model, which may be named by its variant; None if there is none."""
    folder = FOLDER / full_name(model)
    return folder if folder.parent == FOLDER and folder.is_dir() else None


def bundled_names() -> list[str]:
    """Returns the names of all models that the package carries."""
    return sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())


def bundled_card(
    folder: Path,
    engine: str | None = None,
    precision: str | None = None,
    flip_test: bool = False,
    short_side: int | None = None,
    device: str | None = None,
) -> ModelCard:
    """Returns the card of a bundled model for an engine.

    Args:
        folder: What :func:`find_bundled` returned.
        engine: An engine that reads ONNX files; None selects the fastest one that is installed.
        precision: The engine's precision; None selects the fastest one for which the device has
            instructions.
        flip_test: Whether to run the mirrored image too.
        short_side: Short side of the input in pixels; None leaves it to the model.
        device: The engine's device.

    Raises:
        LitePoseError: An option does not fit.
    """
    engine = engine or quickest_engine(converts=False) or 'onnxruntime'
    able = {name: each for name, each in engines().items() if each.reads_onnx}
    if engine not in able:
        raise LitePoseError(f'engine: expected {" or ".join(able)}, got {engine!r}')
    kind = able[engine]
    if not kind.is_installed():
        raise LitePoseError(
            f'engine: {engine} is not installed; install it: pip install litepose_mm[{kind.extra}]'
        )
    if not isinstance(flip_test, bool):
        raise LitePoseError(f'flip_test: expected True or False, got {flip_test!r}')
    precision = precision or kind.quickest_precision(device)
    if precision not in kind.precisions:
        raise LitePoseError(
            f'precision: expected {" or ".join(kind.precisions)} for {engine}, got {precision!r}'
            + ('; `litepose export` makes int8 models' if precision == 'int8' else '')
        )
    card = ModelCard.load(folder, card_name(flip_test))
    if short_side is not None:
        check_short_side(short_side)
        card = replace(card, resize=replace(card.resize, short_side=short_side))
    return replace(card, engine=engine, precision=precision)
