"""Families of networks: one file a family, found by being here.

A family from elsewhere is a subclass of :class:`Family` whose module is imported, or is named by
an entry point of the group ``litepose_mm`` of an installed package.
"""

from __future__ import annotations

from ..errors import LitePoseError
from ..utils.plugins import discover
from .base import Family, Paper, Recognised, rename

__all__ = ['Family', 'Paper', 'Recognised', 'families', 'get_family', 'rename']


def families() -> dict[str, Family]:
    """Every family by its name. None of them imports torch, but those of plugins may."""
    return {name: family() for name, family in discover(Family, __name__).items()}


def get_family(name: str) -> Family:
    """The family of this name.

    Raises:
        LitePoseError: There is none.
    """
    known = families()
    if name not in known:
        raise LitePoseError(f'family: expected one of {", ".join(known)}, got {name!r}')
    return known[name]
