"""Find keypoints: the local maxima of enlarged heatmaps."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from .rules import PartAffinityRules


class FoundKeypoints(NamedTuple):
    """Keypoints of all people, sorted by part, then by x, then by y; their index is their id.

    Attributes:
        part: Index of the part, ``(N,)``.
        x: Column in the enlarged maps, ``(N,)``.
        y: Row in the enlarged maps, ``(N,)``.
        scores: Heatmap values, float32 ``(N,)``.
    """

    part: np.ndarray
    x: np.ndarray
    y: np.ndarray
    scores: np.ndarray


def find_keypoints(heatmaps: np.ndarray, rules: PartAffinityRules) -> FoundKeypoints:
    """Finds pixels above the threshold that exceed their four neighbours.

    Of keypoints of one part that are too close, the first in the order of x stays, whatever the
    scores.

    Args:
        heatmaps: Float32 ``(P, h, w)``, without the background.
        rules: How keypoints are found.
    """
    maps = _enlarged_with_border(heatmaps, rules.upsample)
    flat, width = maps.reshape(-1), maps.shape[2]
    found = np.flatnonzero(flat >= rules.keypoint_threshold)
    scores = flat.take(found)
    for shift in (-1, 1, -width, width):
        higher = np.flatnonzero(scores > flat.take(found + shift))
        found, scores = found.take(higher), scores.take(higher)
    part, rest = np.divmod(found, maps.shape[1] * width)
    y, x = np.divmod(rest, width)
    if np.bincount(part, minlength=1).max() > rules.top_k:
        best = np.lexsort((-scores, part))
        rank = np.arange(len(best)) - np.searchsorted(part[best], part[best])
        best = best[rank < rules.top_k]
        part, x, y, scores = part[best], x[best], y[best], scores[best]
    order = np.lexsort((y, x, part))
    part, x, y = part[order], x[order] - 1, y[order] - 1
    kept = _first_of_close_ones(part, x, y, rules.suppression)
    return FoundKeypoints(part[kept], x[kept], y[kept], scores[order][kept])


def _enlarged_with_border(maps: np.ndarray, factor: int) -> np.ndarray:
    """Enlarges maps by cubic interpolation with half-pixel centres; adds a border of zeros."""
    count, height, width = maps.shape
    size = width * factor, height * factor
    enlarged = np.zeros((count, size[1] + 2, size[0] + 2), dtype=np.float32)
    for own, result in zip(maps, enlarged):
        result[1:-1, 1:-1] = cv2.resize(own, size, interpolation=cv2.INTER_CUBIC)
    return enlarged


def _first_of_close_ones(
    part: np.ndarray, x: np.ndarray, y: np.ndarray, distance: float
) -> np.ndarray:
    """Returns the indices of keypoints that no earlier kept one of their part is close to."""
    # Keypoints of different parts are far apart on this line.
    line = part * (np.ptp(x, axis=0) + distance + 1 if len(x) else 0) + x
    ends = np.searchsorted(line, line + distance)
    dropped = np.zeros(len(x), dtype=bool)
    for index in np.flatnonzero(ends > np.arange(len(x)) + 1):
        if not dropped[index]:
            later = slice(index + 1, ends[index])
            squared = (x[later] - x[index]) ** 2 + (y[later] - y[index]) ** 2
            dropped[later] |= squared < distance**2
    return np.flatnonzero(~dropped)
