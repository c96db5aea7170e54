"""Engines and decoders that other packages bring."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points


@cache
def import_plugins() -> None:
    """Imports what installed packages name in the entry-point group ``litepose_mm``, once."""
    for each in entry_points(group='litepose_mm'):
        each.load()


def subclasses(cls: type) -> Iterator[type]:
    """All subclasses of a class, those of plugins included, and theirs."""
    import_plugins()
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)
