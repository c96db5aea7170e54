"""Place maxima between pixels by a Taylor expansion of the logarithm of blurred maps.

The idea is DARK's (Zhang et al., CVPR 2020): the logarithm of a Gaussian is a parabola, whose top
follows from its first and second derivatives at the highest pixel. UDP (Huang et al., CVPR 2020)
and SimCC use it with other differences and limits. The numbers are those of MMPose 1.x.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np


def dark_offsets(heatmaps: np.ndarray, x: np.ndarray, y: np.ndarray, kernel: int) -> np.ndarray:
    """Returns what DARK adds to the highest pixels, ``(..., 2)``; 0 within 2 pixels of the border.

    Args:
        heatmaps: Float32 ``(..., h, w)``.
        x: Column of the highest pixel of each map, ``(...)``.
        y: Its row.
        kernel: Side of the Gaussian with which maps are blurred, odd.
    """
    height, width = heatmaps.shape[-2:]
    at = _reader(_log_blurred(heatmaps, (kernel, kernel), 1e-10), x, y)
    dx, dy = 0.5 * (at(1, 0) - at(-1, 0)), 0.5 * (at(0, 1) - at(0, -1))
    dxx = 0.25 * (at(2, 0) - 2 * at(0, 0) + at(-2, 0))
    dyy = 0.25 * (at(0, 2) - 2 * at(0, 0) + at(0, -2))
    dxy = 0.25 * (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1))
    inside = (x > 1) & (x < width - 2) & (y > 1) & (y < height - 2)
    return _to_top(dx, dy, dxx, dyy, dxy) * inside[..., None]


def udp_offsets(heatmaps: np.ndarray, x: np.ndarray, y: np.ndarray, kernel: int) -> np.ndarray:
    """Returns what UDP adds to the highest pixels, ``(..., 2)``; see :func:`dark_offsets`."""
    at = _reader(_log_blurred(heatmaps, (kernel, kernel), 1e-3, 50), x, y)
    here = at(0, 0)
    dx, dy = 0.5 * (at(1, 0) - at(-1, 0)), 0.5 * (at(0, 1) - at(0, -1))
    dxx, dyy = at(1, 0) - 2 * here + at(-1, 0), at(0, 1) - 2 * here + at(0, -1)
    crossed = at(1, 1) - at(1, 0) - at(0, 1) + 2 * here - at(-1, 0) - at(0, -1) + at(-1, -1)
    epsilon = float(np.finfo(np.float32).eps)  # flat maps have no second derivative
    return _to_top(dx, dy, dxx + epsilon, dyy + epsilon, 0.5 * crossed)


def axis_offsets(values: np.ndarray, x: np.ndarray, kernel: int) -> np.ndarray:
    """Returns what SimCC with DARK adds to the highest places of one axis, ``(...)``.

    Args:
        values: Float32 ``(..., w)``.
        x: The highest place of each, ``(...)``.
        kernel: Length of the Gaussian, odd.
    """
    rows = values[..., None, :]
    at = _reader(_log_blurred(rows, (kernel, 1), 1e-3, 50), x, np.zeros_like(x))
    slope = 0.5 * (at(1, 0) - at(-1, 0))
    return -slope / (1e-9 + 0.25 * (at(2, 0) - 2 * at(0, 0) + at(-2, 0)))


def _log_blurred(
    maps: np.ndarray, kernel_wh: tuple[int, int], low: float, high: float | None = None
) -> np.ndarray:
    """Returns the logarithm of blurred maps, whose maxima are restored, between two limits."""
    height, width = maps.shape[-2:]
    across, down = ((side - 1) // 2 for side in kernel_wh)
    flat = maps.reshape(-1, height, width)
    padded = np.pad(flat, ((0, 0), (down, down), (across, across)))
    # All maps as one tall image: the border of zeros keeps them apart.
    blurred = cv2.GaussianBlur(padded.reshape(-1, padded.shape[-1]), kernel_wh, 0)
    blurred = blurred.reshape(padded.shape)[:, down : down + height, across : across + width]
    before, after = flat.max((1, 2)), blurred.max((1, 2))
    factor = np.divide(before, after, out=np.ones_like(before), where=after > 0)
    return np.log(np.clip(blurred * factor[:, None, None], low, high)).reshape(maps.shape)


def _reader(maps: np.ndarray, x: np.ndarray, y: np.ndarray) -> Callable[[int, int], np.ndarray]:
    """Returns a function that reads every map beside its highest pixel, in float64."""
    *own, height, width = maps.shape
    which = np.indices(own, sparse=True)

    def at(right: int, down: int) -> np.ndarray:
        column = np.clip(x + right, 0, width - 1)
        row = np.clip(y + down, 0, height - 1)
        return maps[(*which, row, column)].astype(np.float64)

    return at


def _to_top(
    dx: np.ndarray, dy: np.ndarray, dxx: np.ndarray, dyy: np.ndarray, dxy: np.ndarray
) -> np.ndarray:
    """Returns the way ``(..., 2)`` to the top of a parabola; 0 where it has none."""
    determinant = dxx * dyy - dxy**2
    way = np.stack([dxy * dy - dyy * dx, dxy * dx - dxx * dy], axis=-1)
    known = (determinant != 0)[..., None]
    return np.divide(way, determinant[..., None], out=np.zeros_like(way), where=known)
