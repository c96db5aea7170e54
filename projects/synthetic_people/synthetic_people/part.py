"""One piece of a figure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Part(NamedTuple):
    """A convex piece of a person, in pixels.

    Attributes:
        name: Name of the piece.
        material: Material of the outfit that gives its colour and texture.
        depth: Order of drawing; larger is nearer.
        outline: ``(M, 2)``.
        strips: Outlines of the lit part and of the most strongly lit part.
        surface: Discs ``(D, 4)`` of its visible surface: x, y, z and radius.
    """

    name: str
    material: str
    depth: float
    outline: np.ndarray
    strips: tuple[np.ndarray, ...] = ()
    surface: np.ndarray = np.zeros((0, 4))
