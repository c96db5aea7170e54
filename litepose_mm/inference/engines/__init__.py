"""What runs a network: one file an engine, found by being here.

An engine from elsewhere is a subclass of :class:`Engine` whose module is imported, or is named by
an entry point of the group ``litepose_mm`` of an installed package.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import LitePoseError, reason
from ...utils.plugins import discover
from .base import Engine

if TYPE_CHECKING:
    from ..card import ModelCard

__all__ = ['Engine', 'engines', 'get_engine', 'load_engine', 'quickest_engine']


def engines() -> dict[str, type[Engine]]:
    """Every engine by its name. None of them imports its library before it is used."""
    return discover(Engine, __name__)


def get_engine(name: str) -> type[Engine]:
    """The engine of this name.

    Raises:
        LitePoseError: There is none.
    """
    known = engines()
    if name not in known:
        raise LitePoseError(f'engine: expected one of {", ".join(known)}, got {name!r}')
    return known[name]


def quickest_engine() -> str | None:
    """The quickest installed engine that takes inputs of any size; None: only torch does."""
    ranked = [each for each in engines().values() if each.rank is not None and each.can_convert()]
    return min(ranked, key=lambda each: each.rank).name if ranked else None


def load_engine(folder: str | Path, card: ModelCard, threads: int | None = None) -> Engine:
    """Loads the model of an exported folder into the engine that its card names.

    Args:
        folder: Where the model's files are.
        card: Its card.
        threads: How many threads the engine takes; ``None`` leaves it to the engine.

    Raises:
        LitePoseError: The engine is not installed, or cannot load the model.
    """
    engine = get_engine(card.engine)
    try:
        return engine(folder, card, threads)
    except ImportError as error:
        raise LitePoseError(
            f'the model in {folder} needs {card.engine}, which cannot be imported '
            f'({reason(error)}); install it: pip install litepose_mm[{engine.extra}]'
        ) from error
