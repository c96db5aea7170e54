"""Patterns and noise, small and fast."""

from __future__ import annotations

import math

import cv2
import numpy as np


def pattern(
    kind: str, size: tuple[int, int], origin: tuple[float, float], period: float, angle: float,
    seed: int,
) -> np.ndarray:  # fmt: skip
    """Return where cloth shows its second colour, bool ``(height, width)``.

    Args:
        kind: ``'stripes'``, ``'checks'``, ``'dots'`` or ``'noise'``.
        size: Width and height in pixels.
        origin: Pixel at which the pattern starts.
        period: Period in pixels.
        angle: Direction in degrees.
        seed: Seed of ``'noise'``.
    """
    width, height = size
    period = max(period, 2.5)
    if kind == 'noise':
        rng = np.random.default_rng(seed)
        coarse = max(round(width / period), 2), max(round(height / period), 2)
        grid = rng.integers(0, 256, coarse[::-1], dtype=np.uint8)
        return cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR_EXACT) > 135
    cos, sin = math.cos(math.radians(angle)) / period, math.sin(math.radians(angle)) / period
    x, y = np.arange(width) - origin[0] + 4096, np.arange(height) - origin[1] + 4096
    across = (x * cos)[None] + (y * sin)[:, None]
    if kind == 'stripes':
        return (np.floor(2 * across).astype(np.int32) & 1).astype(bool)
    along = (y * cos)[:, None] - (x * sin)[None]
    if kind == 'checks':
        squares = np.floor(2 * across).astype(np.int32) + np.floor(2 * along).astype(np.int32)
        return (squares & 1).astype(bool)
    across, along = across - np.floor(across) - 0.5, along - np.floor(along) - 0.5
    return across * across + along * along < 0.09


def smooth_noise(
    rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, ...] = (3, 9, 27)
) -> np.ndarray:
    """Return pale noise of several scales, uint8 ``(height, width, 3)``; 128 on average."""
    total, tint = None, float(rng.uniform(0, 0.6))
    for rank, count in enumerate(cells):
        gray = rng.integers(0, 256, (count, count, 1), dtype=np.uint8)
        color = rng.integers(0, 256, (count, count, 3), dtype=np.uint8)
        grid = cv2.addWeighted(np.repeat(gray, 3, axis=2), 1 - tint, color, tint, 0)
        octave = cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR)
        share = 1 / (rank + 1)
        total = octave if total is None else cv2.addWeighted(total, 1 - share, octave, share, 0)
    return total


def gradient(size: tuple[int, int], top, bottom) -> np.ndarray:
    """Return an image ``(height, width, 3)`` whose colour changes from top to bottom."""
    column = np.linspace(top, bottom, size[1]).round().clip(0, 255).astype(np.uint8)
    return np.repeat(column[:, None], size[0], axis=1)


def perspective_floor(
    size: tuple[int, int], horizon: int, vanishing: float, tiles: float
) -> np.ndarray:
    """Return which tiles of a floor are dark, bool ``(height - horizon, width)``."""
    width, height = size
    inverse = 1.0 / (np.arange(height - horizon) + 3.0)
    side = np.floor((np.arange(width) - vanishing)[None] * (inverse * tiles)[:, None])
    depth = np.floor(inverse * tiles * 0.35 * height)
    return ((side.astype(np.int32) + depth.astype(np.int32)[:, None]) & 1).astype(bool)
