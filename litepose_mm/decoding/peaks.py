"""Find the local maxima of heatmaps seen through a bilinear view."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from ..errors import LitePoseError
from .base import BROKEN_OUTPUTS
from .bilinear import BilinearMaps, is_finite

# Allowance for the rounding of float32, as a fraction of the largest value.
_SLACK = 4e-5
# How many pixels are compared with their neighbourhood at once.
_CHUNK = 4096

# Channels, rows and columns of pixels.
_Pixels = tuple[np.ndarray, np.ndarray, np.ndarray]


class Peaks(NamedTuple):
    """Candidates of one keypoint, best first: values ``(M,)`` and positions ``(M,)`` each."""

    values: np.ndarray
    y: np.ndarray
    x: np.ndarray


def find_peaks(
    heatmaps: BilinearMaps, threshold: float, kernel: int = 5, top_k: int = 30
) -> list[Peaks]:
    """Finds the ``top_k`` highest local maxima of every heatmap, at the view's size.

    A pixel is a local maximum if no pixel in its ``kernel x kernel`` neighbourhood is higher. The
    result equals max-pooling, comparison and top-k over the full-size maps, restricted to values
    above the threshold, since grouping drops the others anyway. Among equal values, the first in
    reading order wins.

    Args:
        heatmaps: View of ``(K, H, W)`` heatmaps.
        threshold: Only values above it count.
        kernel: Side of the neighbourhood, odd.
        top_k: Maximum number of candidates per keypoint.

    Returns:
        One :class:`Peaks` for each of the ``K`` keypoints.

    Raises:
        LitePoseError: The heatmaps are not finite.
    """
    # The shortcut for doubled maps compares pixels with their direct neighbours, so the
    # neighbourhood must contain these.
    source = heatmaps.source
    if not heatmaps.is_identity and (heatmaps.factor != (2.0, 2.0) or kernel < 3):
        source = heatmaps.dense()
    elif isinstance(source, BilinearMaps):
        source = source.dense()
    if not is_finite(source):
        raise LitePoseError(BROKEN_OUTPUTS)
    heatmaps = BilinearMaps(source, heatmaps.shape[1:])
    if heatmaps.is_identity:
        channel, y, x = _candidates(source, threshold, kernel)
    else:
        channel, y, x = _candidates_2x(source, threshold)
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
    """Returns the highest value around each pixel."""
    reach = np.arange(-radius, radius + 1)[:, None]
    # Clamped positions lie in the neighbourhood too, so they change nothing at the border.
    rows = np.clip(y + reach, 0, heatmaps.shape[1] - 1)
    columns = np.clip(x + reach, 0, heatmaps.shape[2] - 1)
    return heatmaps.at(channel, rows[:, None], columns).max((0, 1))


def _candidates(source: np.ndarray, threshold: float, kernel: int) -> _Pixels:
    """Returns the pixels above or just below the threshold that no direct neighbour exceeds."""
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
    """Returns pixels of the doubled map that may exceed the threshold and all direct neighbours.

    Source pixel ``(i, j)`` has four children in the view, ``(2i, 2j)`` to ``(2i + 1, 2j + 1)``.
    """
    lowest, highest = float(source.min()), float(source.max())
    slack = _SLACK * max(-lowest, highest)
    # A peak's parent is at least (8 * peak + lowest) / 9, see docs/decoding.md.
    hot = np.flatnonzero(source > (8 * threshold + lowest) / 9 - slack)
    channel, row, column = _unravel(hot, source.shape)
    values = source.reshape(-1)
    height, width = source.shape[1:]
    bases = hot - width * (row > 0), hot, hot + width * (row < height - 1)
    left, right = -1 * (column > 0), 1 * (column < width - 1)
    above, centre, below = (
        tuple(values.take(base + shift) for shift in (left, 0, right)) for base in bases
    )

    def may_be_highest(outer, centre):
        """Whether either child on this side may be the highest along a line."""
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
    channels, rows, columns = (np.concatenate(part) for part in zip(*children))
    return channels, rows, columns


def _unravel(flat: np.ndarray, shape: tuple[int, ...]) -> _Pixels:
    """Converts flat indices to indices per axis; faster than numpy's own for few indices."""
    channel, rest = np.divmod(flat, shape[1] * shape[2])
    return channel, *np.divmod(rest, shape[2])
