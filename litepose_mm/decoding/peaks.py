"""Local maxima of heatmaps seen through a bilinear view."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from .bilinear import BilinearMaps

# Interpolated values may exceed the threshold by rounding where no source pixel does.
_SLACK = 1e-5


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
    threshold, which the grouping drops anyway.

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
    if heatmaps.is_identity:
        source = heatmaps.source
        if isinstance(source, BilinearMaps):
            return find_peaks(source, threshold, kernel, top_k)
        flat = np.flatnonzero(source > np.float32(threshold - _SLACK))
        channel, y, x = _unravel(flat, source.shape)
    else:
        channel, y, x = _candidates_2x(heatmaps, threshold)
    values = heatmaps.at(channel, y, x)
    above = values.astype(np.float64) > threshold
    channel, y, x, values = channel[above], y[above], x[above], values[above]

    height, width = heatmaps.shape[1:]
    radius = kernel // 2
    # Nearest first: they rule out most.
    reach = range(-radius, radius + 1)
    offsets = sorted(product(reach, reach), key=lambda offset: sum(map(abs, offset)))
    for dy, dx in offsets[1:]:
        # Clamped positions lie in the neighbourhood too, so they change nothing at the border.
        neighbour = heatmaps.at(
            channel, np.clip(y + dy, 0, height - 1), np.clip(x + dx, 0, width - 1)
        )
        keep = values >= neighbour
        if not keep.all():
            channel, y, x, values = channel[keep], y[keep], x[keep], values[keep]

    order = np.lexsort((-values, channel))
    bounds = np.searchsorted(channel[order], np.arange(heatmaps.shape[0] + 1))
    peaks = []
    for first, last in zip(bounds[:-1], bounds[1:]):
        best = order[first : min(last, first + top_k)]
        peaks.append(Peaks(values[best], y[best], x[best]))
    return peaks


def _candidates_2x(heatmaps: BilinearMaps, threshold: float):
    """Pixels of a doubled map that no direct neighbour exceeds, near anything above threshold.

    Source pixel ``(i, j)`` has four children in the view, and they and their direct neighbours
    are the 4x4 pixels that the 3x3 source pixels around it determine.
    """
    source = (
        heatmaps.source.dense() if isinstance(heatmaps.source, BilinearMaps) else heatmaps.source
    )
    height, width = source.shape[1:]
    padded = np.pad(source, ((0, 0), (1, 1), (1, 1)), mode='edge')
    hot = padded > threshold - _SLACK
    # A child above the threshold has a source pixel above it among the 3x3 around its parent.
    hot = hot[:, :-2] | hot[:, 1:-1] | hot[:, 2:]
    hot = hot[..., :-2] | hot[..., 1:-1] | hot[..., 2:]
    channel, row, column = _unravel(np.flatnonzero(hot), source.shape)
    base = (channel * (height + 2) + row) * (width + 2) + column
    values = padded.reshape(-1)

    # The same products and sums, in the same order, as BilinearMaps.at.
    near, far = np.float32(0.75), np.float32(0.25)

    def double(low, middle, high):
        return (
            near * low + far * middle,
            far * low + near * middle,
            near * middle + far * high,
            far * middle + near * high,
        )

    rows = [double(*(values[base + i * (width + 2) + j] for j in range(3))) for i in range(3)]
    block = [double(rows[0][j], rows[1][j], rows[2][j]) for j in range(4)]  # [column][row]

    keep_channel, keep_y, keep_x = [], [], []
    # highest[j][i]: the highest of rows i, i + 1, i + 2 in column j
    highest = [[np.maximum(np.maximum(c[i], c[i + 1]), c[i + 2]) for i in range(2)] for c in block]
    for i, j in product(range(2), repeat=2):
        around = np.maximum(np.maximum(highest[j][i], highest[j + 1][i]), highest[j + 2][i])
        keep = np.flatnonzero(block[j + 1][i + 1] >= around)
        keep_channel.append(channel[keep])
        keep_y.append(2 * row[keep] + i)
        keep_x.append(2 * column[keep] + j)
    return np.concatenate(keep_channel), np.concatenate(keep_y), np.concatenate(keep_x)


def _unravel(flat: np.ndarray, shape: tuple[int, int, int]) -> tuple[np.ndarray, ...]:
    """Indices of a flat index; faster than numpy's own for the few there are."""
    channel, rest = np.divmod(flat, shape[1] * shape[2])
    return channel, *np.divmod(rest, shape[2])
