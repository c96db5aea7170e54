"""Discover the families, engines and decoders of this package and of plugins."""

from __future__ import annotations

import pkgutil
import warnings
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import ClassVar, Protocol, TypeVar

from ..errors import reason


class _Named(Protocol):
    name: ClassVar[str]


T = TypeVar('T')
Named = TypeVar('Named', bound=_Named)


@cache
def import_plugins() -> None:
    """Imports the modules in the entry-point group ``litepose_mm`` of installed packages, once."""
    for each in entry_points(group='litepose_mm'):
        try:
            each.load()
        except Exception as error:  # a plugin is a program, so any error can occur
            warnings.warn(f'plugin {each.name} ({each.value}) is left out: {reason(error)}')


def subclasses(cls: type[T]) -> Iterator[type[T]]:
    """Yields all direct and indirect subclasses of a class, including those of plugins."""
    import_plugins()
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


def discover(cls: type[Named], package: str) -> dict[str, type[Named]]:
    """Returns the subclasses that define a ``name``, by that name.

    Args:
        cls: The base class.
        package: The package whose modules define subclasses; all of them are imported.
    """
    for module in pkgutil.iter_modules(import_module(package).__path__):
        import_module(f'{package}.{module.name}')
    found = {each.name: each for each in subclasses(cls) if 'name' in vars(each)}
    return dict(sorted(found.items()))
