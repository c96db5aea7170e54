"""Sub-pixel offsets and missing keypoints, evaluated on lazy maps."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .bilinear import BilinearMaps

# Side of the squares, in pixels of the input, whose bounds the search for missing joints
# compares before it looks at any pixel.
_BLOCK = 8
# Rounding of float32 in the bounds, on tag distances and on costs of size about 100.
_SLACK = 1e-4


def quarter_offsets(heatmaps: BilinearMaps, channel: np.ndarray, y: np.ndarray, x: np.ndarray,
                    ties_to_zero: bool = False) -> np.ndarray:
    """A quarter pixel toward the larger neighbour, on each axis.

    Args:
        heatmaps: View of ``(K, H, W)`` heatmaps.
        channel: Keypoint of each position, shape ``(M,)``.
        y: Rows, shape ``(M,)``.
        x: Columns, shape ``(M,)``.
        ties_to_zero: The authors always move, backwards where the neighbours are equal
            (``False``). MMPose stays where they are equal and near the border (``True``).

    Returns:
        Offsets ``(M, 2)`` in x and y, each -0.25, 0 or 0.25.
    """
    height, width = heatmaps.shape[1:]
    right = heatmaps.at(channel, y, np.minimum(x + 1, width - 1))
    left = heatmaps.at(channel, y, np.maximum(x - 1, 0))
    below = heatmaps.at(channel, np.minimum(y + 1, height - 1), x)
    above = heatmaps.at(channel, np.maximum(y - 1, 0), x)
    difference = np.stack([right - left, below - above], axis=-1)
    if not ties_to_zero:
        return np.where(difference > 0, np.float32(0.25), np.float32(-0.25))
    inside = np.stack([(x > 1) & (x < width - 1) & (y > 0) & (y < height),
                       (y > 1) & (y < height - 1) & (x > 0) & (x < width)], axis=-1)
    return np.where(inside, np.sign(difference) * np.float32(0.25), np.float32(0))


class Missing(NamedTuple):
    """The best pixel for each missing keypoint: its position and heatmap value, ``(M,)`` each."""

    y: np.ndarray
    x: np.ndarray
    value: np.ndarray


def find_missing(heatmaps: BilinearMaps, tags: BilinearMaps, keypoint: np.ndarray,
                 person_tag: np.ndarray, tag_weight: float = 1.0) -> Missing:
    """Where a person's missing keypoints score highest, over all pixels of the view.

    The score is ``heatmap - tag_weight * round(|tag - person_tag|)``. Squares of pixels whose
    upper bound cannot reach the best score found are never looked at, so the result is that of
    the search over the whole maps; among equals the first in reading order wins.

    Args:
        heatmaps: View of ``(K, H, W)`` heatmaps.
        tags: View of ``(L * K, H, W)`` tag maps, keypoints fastest.
        keypoint: The missing keypoints, shape ``(M,)``.
        person_tag: Mean tag of the person each belongs to, shape ``(M, L)``.
        tag_weight: 1 for the authors' rule, 100 for MMPose's.

    Returns:
        Position and heatmap value for each of the ``M``.
    """
    num_missing, tag_dim = person_tag.shape
    if num_missing == 0:
        return Missing(*(np.zeros(0, dtype) for dtype in (np.int64, np.int64, np.float32)))
    tag_weight = np.float32(tag_weight)
    bounds = _block_bounds(heatmaps, tags, keypoint, person_tag, tag_weight)
    num_rows, num_columns = bounds.shape[1:]
    bounds = bounds.reshape(num_missing, -1)

    pairs = np.arange(num_missing)
    first = bounds.argmax(1)
    best = _best_pixels(heatmaps, tags, keypoint, person_tag, tag_weight, pairs, first,
                        num_columns, num_missing)
    rest = bounds >= best.score[:, None]
    rest[pairs, first] = False
    if rest.any():
        pairs, block = np.nonzero(rest)
        other = _best_pixels(heatmaps, tags, keypoint, person_tag, tag_weight, pairs, block,
                             num_columns, num_missing)
        better = (other.score > best.score) | ((other.score == best.score) &
                                               (other.index < best.index))
        best = _Best(*(np.where(better, o, b) for o, b in zip(other, best)))
    y, x = np.divmod(best.index, heatmaps.shape[2])
    return Missing(y, x, heatmaps.at(keypoint, y, x))


class _Best(NamedTuple):
    score: np.ndarray
    index: np.ndarray


def _block_bounds(heatmaps: BilinearMaps, tags: BilinearMaps, keypoint: np.ndarray,
                  person_tag: np.ndarray, tag_weight: np.float32) -> np.ndarray:
    """Upper bounds of the score in every square, shape ``(M, rows, columns)``."""
    needed, position = np.unique(keypoint, return_inverse=True)
    highest = heatmaps.block_bounds(needed, _BLOCK)[1][position]
    num_keypoints = heatmaps.shape[0]
    squared = np.zeros(highest.shape, dtype=np.float32)
    for dim in range(person_tag.shape[1]):
        low, high = tags.block_bounds(dim * num_keypoints + needed, _BLOCK)
        own = person_tag[:, dim, None, None]
        # Distance from the person's tag to the interval of tags in the square.
        gap = np.maximum(np.maximum(low[position] - own, own - high[position]), 0)
        squared += gap * gap
    distance = np.sqrt(squared)
    distance -= _SLACK
    return highest - tag_weight * np.round(distance) + _SLACK


def _best_pixels(heatmaps: BilinearMaps, tags: BilinearMaps, keypoint: np.ndarray,
                 person_tag: np.ndarray, tag_weight: np.float32, pair: np.ndarray,
                 block: np.ndarray, num_columns: int, num_missing: int) -> _Best:
    """Exact best pixel of each missing keypoint among the given squares."""
    num_keypoints, height, width = heatmaps.shape
    top, left = np.divmod(block, num_columns)
    inner = np.arange(_BLOCK)
    # Squares at the border repeat their last row or column.
    y = np.minimum(top[:, None, None] * _BLOCK + inner[:, None], height - 1)
    x = np.minimum(left[:, None, None] * _BLOCK + inner, width - 1)
    y, x = (a.reshape(len(pair), -1) for a in np.broadcast_arrays(y, x))
    channel = keypoint[pair, None]

    squared = np.zeros(y.shape, dtype=np.float32)
    for dim in range(person_tag.shape[1]):
        gap = tags.at(dim * num_keypoints + channel, y, x) - person_tag[pair, dim, None]
        squared += gap * gap
    score = heatmaps.at(channel, y, x) - tag_weight * np.round(np.sqrt(squared))
    index = y * width + x

    order = np.lexsort((index.ravel(), -score.ravel(), np.repeat(pair, score.shape[1])))
    owner = np.repeat(pair, score.shape[1])[order]
    first = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    best = _Best(np.full(num_missing, -np.inf, dtype=np.float32),
                 np.zeros(num_missing, dtype=np.int64))
    best.score[owner[first]] = score.ravel()[order][first]
    best.index[owner[first]] = index.ravel()[order][first]
    return best


def mean_person_tags(tags: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Mean tag over the keypoints each person has; ``(N, K, L)`` and ``(N, K)`` to ``(N, L)``."""
    count = np.maximum(present.sum(1, keepdims=True), 1).astype(np.float32)
    return (tags * present[..., None]).sum(1, dtype=np.float32) / count
