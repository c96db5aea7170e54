"""Things in front of people, and seats."""

from __future__ import annotations

import numpy as np

from .canvas import Solid
from .wardrobe import Color, cloth_color, scaled

KINDS = ('box', 'pole', 'plant', 'railing', 'table')


def sample_occluder(
    rng: np.random.Generator, foot: tuple[float, float], stature: float, width: int
) -> list[Solid]:
    """Sample a thing.

    Args:
        rng: Random number generator.
        foot: Position on the ground in pixels.
        stature: Height in pixels of a person beside it.
        width: Width of the image.
    """
    kind = KINDS[int(rng.integers(len(KINDS)))]
    return _MAKERS[kind](rng, np.array(foot), stature, width)


def seat(foot_y: float, hip: np.ndarray, stature: float, color: Color) -> list[Solid]:
    """Return the seat of a sitting person."""
    top, half = hip[1] + 0.045 * stature, 0.13 * stature
    legs = [
        Solid(_rectangle(hip[0] + sign * 0.8 * half - 0.015 * stature, top,
                         hip[0] + sign * 0.8 * half + 0.015 * stature, foot_y), scaled(color, 0.6))
        for sign in (-1, 1)
    ]  # fmt: skip
    board = _rectangle(hip[0] - half, top, hip[0] + half, top + 0.04 * stature)
    return [*legs, Solid(board, color)]


def _rectangle(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array(((left, top), (right, top), (right, bottom), (left, bottom)))


def _box(rng: np.random.Generator, foot: np.ndarray, stature: float, width: int) -> list[Solid]:
    color = cloth_color(rng)
    half, tall = rng.uniform((0.1, 0.15), (0.28, 0.5)) * stature
    shift = rng.uniform(-0.3, 0.3) * half
    left, right, top = foot[0] - half, foot[0] + half, foot[1] - tall
    lid = np.array(((left, top), (right, top), (right + shift, top - 0.25 * half),
                    (left + shift, top - 0.25 * half)))  # fmt: skip
    solids = [Solid(lid, scaled(color, 1.25)), Solid(_rectangle(left, top, right, foot[1]), color)]
    if rng.random() < 0.6:
        height = rng.uniform(0.2, 0.7) * tall
        band = _rectangle(left, top + height, right, top + height + 0.12 * tall)
        solids.append(Solid(band, cloth_color(rng)))
    return solids


def _pole(rng: np.random.Generator, foot: np.ndarray, stature: float, width: int) -> list[Solid]:
    color = cloth_color(rng)
    half, tall = float(rng.uniform(0.012, 0.05)) * stature, float(rng.uniform(0.8, 3)) * stature
    top = foot[1] - tall
    return [
        Solid(_rectangle(foot[0] - half, top, foot[0] + half, foot[1]), scaled(color, 0.75)),
        Solid(_rectangle(foot[0] - 0.6 * half, top, foot[0] + 0.2 * half, foot[1]), color),
    ]


def _plant(rng: np.random.Generator, foot: np.ndarray, stature: float, width: int) -> list[Solid]:
    tall = float(rng.uniform(0.2, 0.5)) * stature
    green = (int(rng.integers(30, 80)), int(rng.integers(80, 150)), int(rng.integers(30, 100)))
    solids = []
    for _ in range(int(rng.integers(9, 18))):
        lean, length = rng.uniform(-1.1, 1.1), rng.uniform(0.5, 1.0) * tall
        tip = np.array((np.sin(lean), -np.cos(lean))) * length
        side = np.array((np.cos(lean), np.sin(lean))) * rng.uniform(0.06, 0.13) * tall
        root = foot - (0, 0.2 * tall)
        leaf = np.stack([root, root + 0.55 * tip + side, root + tip, root + 0.55 * tip - side])
        solids.append(Solid(leaf, scaled(green, float(rng.uniform(0.6, 1.3)))))
    half = 0.16 * tall
    pot = np.array(((foot[0] - half, foot[1] - 0.3 * tall), (foot[0] + half, foot[1] - 0.3 * tall),
                    (foot[0] + 0.7 * half, foot[1]), (foot[0] - 0.7 * half, foot[1])))  # fmt: skip
    return [*solids, Solid(pot, cloth_color(rng))]


def _railing(rng: np.random.Generator, foot: np.ndarray, stature: float, width: int) -> list[Solid]:
    color = cloth_color(rng)
    thick = max(float(rng.uniform(0.012, 0.03)) * stature, 1.5)
    top = foot[1] - float(rng.uniform(0.2, 0.5)) * stature
    half = float(rng.uniform(0.4, 1.5)) * stature
    left, right = foot[0] - half, foot[0] + half
    posts = np.linspace(left, right, max(int(2 * half / (0.3 * stature)), 2))
    return [
        *(Solid(_rectangle(x - 0.4 * thick, top, x + 0.4 * thick, foot[1]), scaled(color, 0.8))
          for x in posts),
        Solid(_rectangle(left, top, right, top + thick), color),
        Solid(_rectangle(left, (top + foot[1]) / 2, right, (top + foot[1]) / 2 + thick), color),
    ]  # fmt: skip


def _table(rng: np.random.Generator, foot: np.ndarray, stature: float, width: int) -> list[Solid]:
    color = cloth_color(rng)
    half, tall = float(rng.uniform(0.25, 0.6)) * stature, float(rng.uniform(0.3, 0.42)) * stature
    top, deep, thin = foot[1] - tall, 0.12 * stature, 0.02 * stature
    board = np.array(((foot[0] - half, top), (foot[0] + half, top),
                      (foot[0] + 0.85 * half, top - deep),
                      (foot[0] - 0.85 * half, top - deep)))  # fmt: skip
    return [
        *(Solid(_rectangle(x - thin, top, x + thin, foot[1]), scaled(color, 0.6))
          for x in (foot[0] - 0.9 * half, foot[0] + 0.9 * half)),
        Solid(board, scaled(color, 1.1)),
        Solid(_rectangle(foot[0] - half, top, foot[0] + half, top + 1.5 * thin),
              scaled(color, 0.8)),
    ]  # fmt: skip


_MAKERS = {'box': _box, 'pole': _pole, 'plant': _plant, 'railing': _railing, 'table': _table}
