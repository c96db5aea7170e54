"""Engines run networks. Every module of this package that defines an engine is found by itself.

An engine of another package is a subclass of :class:`Engine` whose module is imported, or is named
by an entry point of the group ``litepose_mm``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import LitePoseError, reason
from ...utils.plugins import discover
from ..devices import has_device
from .base import Engine, Option, stopwatch

if TYPE_CHECKING:
    from ..card import ModelCard

__all__ = [
    'Engine',
    'Option',
    'engines',
    'get_engine',
    'load_engine',
    'quickest_engine',
    'stopwatch',
]


def engines() -> dict[str, type[Engine]]:
    """Returns every engine by its name. An engine imports its library only when it is used."""
    return discover(Engine, __name__)  # type: ignore[type-abstract]  # only subclasses are made


def get_engine(name: str) -> type[Engine]:
    """Returns the engine with this name.

    Raises:
        LitePoseError: There is no such engine.
    """
    known = engines()
    if name not in known:
        raise LitePoseError(f'engine: expected one of {", ".join(known)}, got {name!r}')
    return known[name]


def quickest_engine(converts: bool = True, device: str = 'cpu') -> str | None:
    """Returns the fastest installed engine for inputs of any shape; None if only torch is left.

    Args:
        converts: Whether a model has to be converted; otherwise there is an ONNX file.
        device: A device that the engine has to find.
    """
    ranked = [
        (each.rank, each.name)
        for each in engines().values()
        if each.rank is not None
        and (each.can_convert() if converts else each.reads_onnx and each.is_installed())
        and (device == 'cpu' or has_device(each, device))
    ]
    return min(ranked)[1] if ranked else None


def load_engine(
    folder: str | Path,
    card: ModelCard,
    threads: int | None = None,
    streams: int = 1,
    device: str | None = None,
) -> Engine:
    """Loads the model of an exported folder into the engine that its card names.

    Args:
        folder: Folder with the model's files.
        card: The model's card.
        threads: Number of threads for each call; None leaves it to the engine.
        streams: Number of calls that are to run at the same time.
        device: See :class:`Engine`.

    Raises:
        LitePoseError: The engine is not installed, knows no such device, or cannot load the model.
    """
    engine = get_engine(card.engine)
    try:
        return engine(folder, card, threads, streams, device)
    except ImportError as error:
        raise LitePoseError(
            f'the model in {folder} needs {card.engine}, which cannot be imported '
            f'({reason(error)}); install it: pip install litepose_mm[{engine.extra}]'
        ) from error
