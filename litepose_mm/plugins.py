"""Engines, decoders and families that other packages bring."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import entry_points


def import_plugins(kind: str) -> None:
    """Imports what installed packages name in the entry-point group ``litepose_mm.KIND``."""
    for each in entry_points(group=f'litepose_mm.{kind}'):
        each.load()


def subclasses(cls: type) -> Iterator[type]:
    """All subclasses of a class whose modules are imported, and theirs."""
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)
