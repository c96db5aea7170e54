"""Find keypoints: the local maxima of enlarged heatmaps."""

from __future__ import annotations

from collections.abc import Iterator
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
    enlarged = _enlarged_with_border(heatmaps, rules.upsample)
    found = [_peaks(each, rules.keypoint_threshold) for each in enlarged]
    part = np.repeat(np.arange(len(found)), [len(places) for places, _ in found])
    places, scores = (np.concatenate(each) for each in zip(*found))
    y, x = np.divmod(places, heatmaps.shape[2] * rules.upsample + 2)
    if np.bincount(part, minlength=1).max() > rules.top_k:
        best = np.lexsort((-scores, part))
        rank = np.arange(len(best)) - np.searchsorted(part[best], part[best])
        best = best[rank < rules.top_k]
        part, x, y, scores = part[best], x[best], y[best], scores[best]
    order = np.lexsort((y, x, part))
    part, x, y = part[order], x[order] - 1, y[order] - 1
    kept = _first_of_close_ones(part, x, y, rules.suppression)
    return FoundKeypoints(part[kept], x[kept], y[kept], scores[order][kept])


def _enlarged_with_border(maps: np.ndarray, factor: int) -> Iterator[np.ndarray]:
    """Yields each map, enlarged with half-pixel centres and with a border of zeros.

    All are yielded in the same memory, which stays in the CPU's cache.
    """
    height, width = (side * factor for side in maps.shape[1:])
    enlarged = np.zeros((height + 2, width + 2), dtype=np.float32)
    for own in maps:
        enlarged[1:-1, 1:-1] = cv2.resize(own, (width, height), interpolation=cv2.INTER_CUBIC)
        yield enlarged


def _peaks(enlarged: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns flat indices and values of pixels that exceed their four neighbours."""
    flat, width = enlarged.reshape(-1), enlarged.shape[1]
    found = np.flatnonzero(flat >= threshold)
    values = flat.take(found)
    for shift in (-1, 1, -width, width):
        higher = np.flatnonzero(values > flat.take(found + shift))
        found, values = found.take(higher), values.take(higher)
    return found, values


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
