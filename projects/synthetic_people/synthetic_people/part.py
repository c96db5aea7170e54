"""One piece of a figure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Part(NamedTuple):
    """A convex piece of a person, in pixels.

    Attributes:
        name: What it is.
        material: Whose colour and texture of the outfit it has.
        depth: Pieces are drawn in this order; larger is nearer.
        outline: ``(M, 2)``.
        strips: Outlines of the part of it that is lit, and of the part that is lit most.
        surface: Discs ``(D, 4)`` that its visible surface consists of: x, y, z and radius.
    """

    name: str
    material: str
    depth: float
    outline: np.ndarray
    strips: tuple[np.ndarray, ...] = ()
    surface: np.ndarray = np.zeros((0, 4))
