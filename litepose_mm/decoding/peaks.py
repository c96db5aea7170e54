"""Local maxima of heatmaps seen through a bilinear view."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from .bilinear import BilinearMaps

# For the rounding of float32, in shares of the largest value.
_SLACK = 4e-5
# How many pixels are compared with their neighbourhood at once.
_CHUNK = 4096

# Channel, row and column of each of some pixels.
_Pixels = tuple[np.ndarray, np.ndarray, np.ndarray]


class Peaks(NamedTuple):
    """Candidates of one keypoint, best first: values ``(M,)`` and positions ``(M,)`` each."""

    values: np.ndarray
    y: np.ndarray
    x: np.ndarray


def find_peaks(
    heatmaps: BilinearMaps, threshold: float, kernel: int = 5, top_k: int = 30
) -> list[Peaks]:
    """The ``top_k`` highest local maxima of every heatmap, at the view's size.

    A pixel is a local maximum if none of its ``kernel x kernel`` neighbourhood is higher. This
    is max-pooling, comparison and top-k over the full-size maps, restricted to values above the
    threshold, which the grouping drops anyway. Among equals the first in reading order is best.

    Args:
        heatmaps: View of ``(K, H, W)`` heatmaps.
        threshold: Only values above it count.
        kernel: Side of the neighbourhood, odd.
        top_k: Most candidates of a keypoint.

    Returns:
        One :class:`Peaks` for each of the ``K`` keypoints.
    """
    # The shortcut for doubled maps compares with direct neighbours, so it needs some.
    if not heatmaps.is_identity and (heatmaps.factor != (2.0, 2.0) or kernel < 3):
        heatmaps = BilinearMaps(heatmaps.dense(), heatmaps.shape[1:])
    elif isinstance(heatmaps.source, BilinearMaps):
        heatmaps = BilinearMaps(heatmaps.source.dense(), heatmaps.shape[1:])
    if heatmaps.is_identity:
        channel, y, x = _candidates(heatmaps.source, threshold, kernel)
    else:
        channel, y, x = _candidates_2x(heatmaps.source, threshold)
    values = heatmaps.at(channel, y, x)

    keep = np.flatnonzero(values.astype(np.float64) > threshold)
    chunks = np.split(keep, range(_CHUNK, len(keep), _CHUNK))
    keep = np.concatenate(
        [
            chunk[
                values[chunk] >= _highest(heatmaps, channel[chunk], y[chunk], x[chunk], kernel // 2)
            ]
            for chunk in chunks
        ]
    )
    keep = keep[np.lexsort((x[keep], y[keep], -values[keep], channel[keep]))]
    bounds = np.searchsorted(channel[keep], np.arange(heatmaps.shape[0] + 1))
    peaks = []
    for first, last in zip(bounds[:-1], bounds[1:]):
        best = keep[first : min(last, first + top_k)]
        peaks.append(Peaks(values[best], y[best], x[best]))
    return peaks


def _highest(
    heatmaps: BilinearMaps, channel: np.ndarray, y: np.ndarray, x: np.ndarray, radius: int
) -> np.ndarray:
    """The highest value around each pixel."""
    reach = np.arange(-radius, radius + 1)[:, None]
    # Clamped positions lie in the neighbourhood too, so they change nothing at the border.
    rows = np.clip(y + reach, 0, heatmaps.shape[1] - 1)
    columns = np.clip(x + reach, 0, heatmaps.shape[2] - 1)
    return heatmaps.at(channel, rows[:, None], columns).max((0, 1))


def _candidates(source: np.ndarray, threshold: float, kernel: int) -> _Pixels:
    """Pixels above the threshold, or hardly below it, that no direct neighbour exceeds."""
    # Rounding the threshold to float32 could raise it.
    hot = np.flatnonzero(source > threshold - _SLACK * abs(threshold))
    channel, y, x = _unravel(hot, source.shape)
    if kernel < 3:
        return channel, y, x
    view = BilinearMaps(source, source.shape[1:])
    for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        rows = np.clip(y + dy, 0, source.shape[1] - 1)
        columns = np.clip(x + dx, 0, source.shape[2] - 1)
        keep = np.flatnonzero(view.at(channel, y, x) >= view.at(channel, rows, columns))
        channel, y, x = channel[keep], y[keep], x[keep]
    return channel, y, x


def _candidates_2x(source: np.ndarray, threshold: float) -> _Pixels:
    """Pixels of the doubled map that may be above the threshold and their direct neighbours.

    Source pixel ``(i, j)`` has four children in the view, ``(2i, 2j)`` to ``(2i + 1, 2j + 1)``.
    """
    lowest, highest = float(source.min()), float(source.max())
    slack = _SLACK * max(-lowest, highest)
    # A peak's parent is at least (8 * peak + lowest) / 9, see docs/decoding.md.
    hot = np.flatnonzero(source > (8 * threshold + lowest) / 9 - slack)
    channel, row, column = _unravel(hot, source.shape)
    values = source.reshape(-1)
    height, width = source.shape[1:]
    above, below = hot - width * (row > 0), hot + width * (row < height - 1)
    left, right = -1 * (column > 0), 1 * (column < width - 1)
    above, centre, below = (
        tuple(values.take(base + shift) for shift in (left, 0, right))
        for base in (above, hot, below)
    )

    def may_be_highest(outer, centre):
        """Of both children between the first and the middle one, along a line."""
        first, middle, last = (3 * c + o for c, o in zip(centre, outer))
        middle += slack
        return (
            (middle >= first) & (first >= last - slack),
            (middle >= last) & (last >= first - slack),
        )

    lines = list(zip(above, centre, below))
    along_x = [may_be_highest(outer, centre) for outer in (above, below)]  # [row][column]
    along_y = [may_be_highest(outer, lines[1]) for outer in (lines[0], lines[2])]  # [column][row]
    children = []
    for i, j in product(range(2), repeat=2):
        keep = np.flatnonzero(along_x[i][j] & along_y[j][i])
        children.append((channel[keep], 2 * row[keep] + i, 2 * column[keep] + j))
    return tuple(np.concatenate(part) for part in zip(*children))


def _unravel(flat: np.ndarray, shape: tuple[int, int, int]) -> _Pixels:
    """Indices of a flat index; faster than numpy's own for the few there are."""
    channel, rest = np.divmod(flat, shape[1] * shape[2])
    return channel, *np.divmod(rest, shape[2])
