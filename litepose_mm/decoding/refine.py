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
# How many squares of each missing joint are looked at first, to have a good score to beat.
_FIRST = 8


def quarter_offsets(
    heatmaps: BilinearMaps,
    channel: np.ndarray,
    y: np.ndarray,
    x: np.ndarray,
    ties_to_zero: bool = False,
) -> np.ndarray:
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
    inside = np.stack(
        [
            (x > 1) & (x < width - 1) & (y > 0) & (y < height),
            (y > 1) & (y < height - 1) & (x > 0) & (x < width),
        ],
        axis=-1,
    )
    return np.where(inside, np.sign(difference) * np.float32(0.25), np.float32(0))


# Which missing keypoint, and the number of the square in reading order.
_Squares = tuple[np.ndarray, np.ndarray]


class Missing(NamedTuple):
    """The best pixel for each missing keypoint: its position and heatmap value, ``(M,)`` each."""

    y: np.ndarray
    x: np.ndarray
    value: np.ndarray


def find_missing(
    heatmaps: BilinearMaps,
    tags: BilinearMaps,
    keypoint: np.ndarray,
    person_tag: np.ndarray,
    tag_weight: float = 1.0,
) -> Missing:
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
    search = _Search(heatmaps, tags, keypoint, person_tag, np.float32(tag_weight))
    search.probe()
    search.look(search.best_squares(_FIRST))
    search.look(search.promising_squares())
    y, x = np.divmod(search.index, heatmaps.shape[2])
    return Missing(y, x, heatmaps.at(keypoint, y, x))


class _Search:
    """Branch and bound over squares of pixels, for all missing keypoints at once."""

    def __init__(
        self,
        heatmaps: BilinearMaps,
        tags: BilinearMaps,
        keypoint: np.ndarray,
        person_tag: np.ndarray,
        tag_weight: np.float32,
    ):
        self.heatmaps, self.tags, self.keypoint = heatmaps, tags, keypoint
        self.person_tag, self.tag_weight = person_tag, tag_weight
        self.score = np.full(len(keypoint), -np.inf, dtype=np.float32)
        self.index = np.zeros(len(keypoint), dtype=np.int64)
        self._bound_blocks()

    def _bound_blocks(self) -> None:
        """Bounds of the score in every square, each ``(M, rows * columns)``."""
        needed, position = np.unique(self.keypoint, return_inverse=True)
        highest = self.heatmaps.block_bounds(needed, _BLOCK)[1][position]
        near, far = (np.zeros(highest.shape, dtype=np.float32) for _ in range(2))
        for dim in range(self.person_tag.shape[1]):
            low, high = self.tags.block_bounds(self._tag_channel(dim, needed), _BLOCK)
            own = self.person_tag[:, dim, None, None]
            below, above = low[position] - own, high[position] - own
            near += np.maximum(np.maximum(below, -above), 0) ** 2
            far += np.maximum(above, -below) ** 2
        self.num_columns = highest.shape[2]
        shape = (len(self.keypoint), -1)
        self.penalty = self._penalty(near, -_SLACK).reshape(shape)
        self.bound = highest.reshape(shape) - self.penalty + np.float32(_SLACK)
        # What the square's highest pixel scores at least, or nearly: a place to begin.
        self.safe = highest.reshape(shape) - self._penalty(far, _SLACK).reshape(shape)

    def _tag_channel(self, dim: int, keypoint: np.ndarray) -> np.ndarray:
        return dim * self.heatmaps.shape[0] + keypoint

    def _penalty(self, squared_distance: np.ndarray, slack: float) -> np.ndarray:
        return self.tag_weight * np.round(np.sqrt(squared_distance) + np.float32(slack))

    def probe(self) -> None:
        """A first score to beat: the highest pixel of the square that promises most for sure."""
        pair = np.arange(len(self.keypoint))
        y, x, value = self._pixels(pair, *self._corner(self.safe.argmax(1)), _BLOCK)
        row, column = np.divmod(value.reshape(len(pair), -1).argmax(1), _BLOCK)
        self._score(pair, y[pair, row, 0], x[pair, 0, column], value[pair, row, column])

    def best_squares(self, most: int) -> _Squares:
        """The ``most`` highest bounds of each keypoint, those that could be better."""
        most = min(most, self.bound.shape[1])
        block = np.argpartition(self.bound, -most, axis=1)[:, -most:]
        pair, rank = np.nonzero(np.take_along_axis(self.bound, block, 1) >= self.score[:, None])
        return pair, block[pair, rank]

    def promising_squares(self) -> _Squares:
        """All squares not looked at yet that could be better."""
        return np.nonzero(self.bound >= self.score[:, None])

    def look(self, squares: _Squares) -> None:
        """Look at the pixels of squares that could be better, and keep the best."""
        pair, block = squares
        self.bound[pair, block] = -np.inf
        pair, top, left, penalty = self._promising_quarters(pair, block)
        y, x, value = self._pixels(pair, top, left, _BLOCK // 2)
        # Tags cost more to read, and most pixels are out of the race without them.
        limit = self.score[pair] + penalty - np.float32(_SLACK)
        square, row, column = np.nonzero(value >= limit[:, None, None])
        self._score(
            pair[square], y[square, row, 0], x[square, 0, column], value[square, row, column]
        )

    def _promising_quarters(self, pair: np.ndarray, block: np.ndarray):
        """Keypoint, corner and least penalty of the quarters that could be better."""
        half = _BLOCK // 2
        top, left = self._corner(block)
        top = (top[:, None] + [0, 0, half, half]).ravel()
        left = (left[:, None] + [0, half, 0, half]).ravel()
        pair = np.repeat(pair, 4)
        inside = (top < self.heatmaps.shape[1]) & (left < self.heatmaps.shape[2])
        pair, top, left = pair[inside], top[inside], left[inside]

        keypoint = self.keypoint[pair]
        highest = self.heatmaps.square_bounds(keypoint, top, left, half)[1]
        squared = np.zeros(len(pair), dtype=np.float32)
        for dim in range(self.person_tag.shape[1]):
            low, high = self.tags.square_bounds(self._tag_channel(dim, keypoint), top, left, half)
            _add_gap(squared, low, high, self.person_tag[pair, dim])
        penalty = self._penalty(squared, -_SLACK)
        keep = highest - penalty + np.float32(_SLACK) >= self.score[pair]
        return pair[keep], top[keep], left[keep], penalty[keep]

    def _corner(self, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First row and column of squares."""
        top, left = np.divmod(block, self.num_columns)
        return top * _BLOCK, left * _BLOCK

    def _pixels(
        self, pair: np.ndarray, top: np.ndarray, left: np.ndarray, side: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows ``(P, S, 1)``, columns ``(P, 1, S)`` and heatmap values ``(P, S, S)``."""
        height, width = self.heatmaps.shape[1:]
        inner = np.arange(side)
        # Squares at the border repeat their last row or column.
        y = np.minimum(top[:, None, None] + inner[:, None], height - 1)
        x = np.minimum(left[:, None, None] + inner, width - 1)
        return y, x, self.heatmaps.at(self.keypoint[pair, None, None], y, x)

    def _score(self, pair: np.ndarray, y: np.ndarray, x: np.ndarray, value: np.ndarray) -> None:
        """Score pixels exactly and keep the best of each missing keypoint."""
        if len(pair) == 0:
            return
        channel = self.keypoint[pair]
        squared = np.zeros(len(pair), dtype=np.float32)
        for dim in range(self.person_tag.shape[1]):
            tag = self.tags.at(self._tag_channel(dim, channel), y, x)
            squared += (tag - self.person_tag[pair, dim]) ** 2
        score = value - self.tag_weight * np.round(np.sqrt(squared))
        index = y * self.heatmaps.shape[2] + x

        order = np.lexsort((index, -score, pair))
        first = order[np.flatnonzero(np.r_[True, np.diff(pair[order]) > 0])]
        pair, score, index = pair[first], score[first], index[first]
        better = (score > self.score[pair]) | (
            (score == self.score[pair]) & (index < self.index[pair])
        )
        self.score[pair[better]] = score[better]
        self.index[pair[better]] = index[better]


def _add_gap(squared: np.ndarray, low: np.ndarray, high: np.ndarray, own: np.ndarray) -> None:
    """Add the squared distance from a person's tag to an interval of tags."""
    gap = np.maximum(np.maximum(low - own, own - high), 0)
    squared += gap * gap


def mean_person_tags(tags: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Mean tag over the keypoints each person has; ``(N, K, L)`` and ``(N, K)`` to ``(N, L)``."""
    count = np.maximum(present.sum(1, keepdims=True), 1).astype(np.float32)
    return (tags * present[..., None]).sum(1, dtype=np.float32) / count
