"""Families, engines and decoders: those of this package, and those that others bring."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TypeVar

T = TypeVar('T')


@cache
def import_plugins() -> None:
    """Imports what installed packages name in the entry-point group ``litepose_mm``, once."""
    for each in entry_points(group='litepose_mm'):
        each.load()


def subclasses(cls: type[T]) -> Iterator[type[T]]:
    """All subclasses of a class, those of plugins included, and theirs."""
    import_plugins()
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


def discover(cls: type[T], package: str) -> dict[str, type[T]]:
    """The subclasses that have a ``name`` of their own, by that name.

    Args:
        cls: The base class.
        package: Where this package keeps one file for each; all of its modules are imported.
    """
    for module in pkgutil.iter_modules(import_module(package).__path__):
        import_module(f'{package}.{module.name}')
    found = {each.name: each for each in subclasses(cls) if 'name' in vars(each)}
    return dict(sorted(found.items()))
