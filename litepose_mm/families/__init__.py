"""Families of networks; every module in this folder is one family.

A family outside this package is a subclass of :class:`Family`. Import its module, or name it in an
entry point of the group ``litepose_mm`` of an installed package.
"""

from __future__ import annotations

from ..errors import LitePoseError
from ..utils.plugins import discover
from .base import Family, Paper, Recognised, rename

__all__ = ['Family', 'Paper', 'Recognised', 'families', 'get_family', 'rename']


def families() -> dict[str, Family]:
    """Return all families by name. Those of this package do not import torch, but plugins may."""
    return {name: family() for name, family in discover(Family, __name__).items()}


def get_family(name: str) -> Family:
    """Return a family by its name.

    Raises:
        LitePoseError: There is no such family.
    """
    known = families()
    if name not in known:
        raise LitePoseError(f'family: expected one of {", ".join(known)}, got {name!r}')
    return known[name]
