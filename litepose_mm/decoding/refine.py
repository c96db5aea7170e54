"""Refine positions to sub-pixels and find missing keypoints, on lazily interpolated maps."""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

import numpy as np

from .bilinear import BilinearMaps

# Sides of the squares, in pixels of the input, whose bounds the search for missing keypoints
# compares before it reads any pixel. Small squares are only compared inside promising large ones.
_LARGE = 16
_SMALL = 4
# Allowance for the rounding of float32 in the bounds: absolute, and as a fraction of the values.
_SLACK = 1e-4
_ROUNDING = 2e-6
# How many small squares are searched first, to start with a good score.
_FIRST = 4
# How many large squares are searched at once; later ones then have a better score to beat.
_CHUNK = 512


def quarter_offsets(
    heatmaps: BilinearMaps,
    channel: np.ndarray,
    y: np.ndarray,
    x: np.ndarray,
    ties_to_zero: bool = False,
) -> np.ndarray:
    """Returns offsets of a quarter pixel toward the larger neighbour, on each axis.

    Args:
        heatmaps: View of ``(K, H, W)`` heatmaps.
        channel: Keypoint of each position, shape ``(M,)``.
        y: Rows, shape ``(M,)``.
        x: Columns, shape ``(M,)``.
        ties_to_zero: False: always move, backwards if the neighbours are equal, as the authors do.
            True: do not move if they are equal or near the border, as MMPose does.

    Returns:
        Offsets ``(M, 2)`` in x and y, each -0.25, 0 or 0.25.
    """
    height, width = heatmaps.shape[1:]
    columns = np.stack([np.minimum(x + 1, width - 1), np.maximum(x - 1, 0), x, x])
    rows = np.stack([y, y, np.minimum(y + 1, height - 1), np.maximum(y - 1, 0)])
    right, left, below, above = heatmaps.at(channel, rows, columns)
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
    """Finds where missing keypoints score highest, over all pixels of the view.

    The score is ``heatmap - tag_weight * round(|tag - person_tag|)``. Only squares of pixels whose
    upper bound cannot reach the best score so far are skipped, so the result equals that of an
    exhaustive search. Among equal scores, the first in reading order wins.

    Args:
        heatmaps: View of ``(K, H, W)`` heatmaps.
        tags: View of ``(L * K, H, W)`` tag maps, keypoints fastest.
        keypoint: The missing keypoints, shape ``(M,)``.
        person_tag: Mean tag of the person that each keypoint belongs to, shape ``(M, L)``.
        tag_weight: 1 for the authors' rule, 100 for MMPose's.

    Returns:
        Positions and heatmap values of the ``M`` keypoints.
    """
    num_missing, tag_dim = person_tag.shape
    if num_missing == 0:
        return Missing(*(np.zeros(0, dtype) for dtype in (np.int64, np.int64, np.float32)))
    search = _Search(heatmaps, tags, keypoint, person_tag, np.float32(tag_weight))
    search.search_likely_squares()
    search.search_promising_squares()
    y, x = np.divmod(search.index, heatmaps.shape[2])
    return Missing(y, x, heatmaps.at(keypoint, y, x))


class _Squares(NamedTuple):
    """Squares of pixels, each for one missing keypoint.

    Attributes:
        pair: The missing keypoint.
        top: First row.
        left: First column.
        bound: Upper bound of the pixels' scores.
        estimate: Estimate of the best pixel's score.
        penalty: Lower bound of the pixels' tag penalties.
    """

    pair: np.ndarray
    top: np.ndarray
    left: np.ndarray
    bound: np.ndarray
    estimate: np.ndarray
    penalty: np.ndarray

    def where(self, keep: np.ndarray) -> _Squares:
        return _Squares(*(part[keep] for part in self))


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
        self.person_tag, self.tag_weight = person_tag.T, tag_weight
        self.score = np.full(len(keypoint), -np.inf, dtype=np.float32)
        self.index = np.zeros(len(keypoint), dtype=np.int64)
        self._bound_large()

    def _bound_large(self) -> None:
        """Computes the bounds in every large square of the map, each ``(M, rows * columns)``."""
        needed, which = np.unique(self.keypoint, return_inverse=True)
        tag_channels = self._tag_channels(needed).ravel()
        highest = self.heatmaps.block_bounds(needed, _LARGE, np.maximum)
        low, high = (
            self.tags.block_bounds(tag_channels, _LARGE, reduce).reshape(-1, *highest.shape)
            for reduce in (np.minimum, np.maximum)
        )
        self.num_columns = highest.shape[2]
        squares = highest[0].size
        highest = highest.reshape(-1, squares)
        low, high = (part.reshape(len(low), -1, squares) for part in (low, high))
        # Interpolation may round beyond the pixels that it reads.
        self.slack = np.float32(_SLACK + _ROUNDING * np.abs(highest).max())
        self.tag_slack = np.float32(_SLACK + _ROUNDING * max(-low.min(), high.max()))
        spread = reduce(np.add, high - low) / 2
        self.bound, self.estimate, _ = self._bounds(
            highest[which], low[:, which], high[:, which], spread[which], self.person_tag[..., None]
        )

    def _tag_channels(self, keypoint: np.ndarray) -> np.ndarray:
        """Returns the indices of the tag maps ``(L, ...)`` of keypoints ``(...)``."""
        dims = np.arange(len(self.person_tag)).reshape(-1, *(1,) * keypoint.ndim)
        return dims * self.heatmaps.shape[0] + keypoint

    def _bounds(
        self,
        highest: np.ndarray,
        low: np.ndarray,
        high: np.ndarray,
        spread: np.ndarray,
        own: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Returns upper bounds and estimates of the score, and lower bounds of the penalty."""
        gap = np.maximum(low - own, own - high)
        np.maximum(gap, 0, out=gap)
        distance = _distance(gap)
        penalty = self.tag_weight * np.rint(distance - self.tag_slack)
        estimate = highest - self.tag_weight * np.rint(distance + spread)
        return highest + self.slack - penalty, estimate, penalty

    def _inside(self, pair: np.ndarray, large: np.ndarray) -> _Squares:
        """Returns the small squares inside large ones."""
        row, column = np.divmod(large, self.num_columns)
        inner = np.arange(0, _LARGE, _SMALL)
        top = (row[:, None, None] * _LARGE + inner[:, None]).repeat(len(inner), 2).ravel()
        left = (column[:, None, None] * _LARGE + inner).repeat(len(inner), 1).ravel()
        pair = np.repeat(pair, len(inner) ** 2)
        inside = (top < self.heatmaps.shape[1]) & (left < self.heatmaps.shape[2])
        if not inside.all():
            pair, top, left = pair[inside], top[inside], left[inside]
        keypoint = self.keypoint[pair]
        highest = self.heatmaps.square_bounds(keypoint, top, left, _SMALL)[1]
        low, high = self.tags.square_bounds(self._tag_channels(keypoint), top, left, _SMALL)
        spread = reduce(np.add, high - low) / 2
        bounds = self._bounds(highest, low, high, spread, self.person_tag[:, pair])
        return _Squares(pair, top, left, *bounds)

    def search_likely_squares(self) -> None:
        """Searches a few squares for each missing keypoint, to start with a good score."""
        # The likeliest of every second large square, and of the others.
        parts = [self.estimate[:, start::2] for start in range(min(2, self.estimate.shape[1]))]
        large = np.stack([2 * part.argmax(1) + i for i, part in enumerate(parts)], axis=1)
        squares = self._inside(np.repeat(np.arange(len(large)), len(parts)), large.ravel())
        order = np.lexsort((-squares.estimate, squares.pair))
        rank = np.arange(len(order)) - np.searchsorted(squares.pair, squares.pair)
        self._look(squares.where(order[rank < _FIRST]))

    def search_promising_squares(self) -> None:
        """Searches all squares that could contain a better pixel."""
        pair, large = np.nonzero(self.bound >= self.score[:, None])
        order = np.argsort(-self.estimate[pair, large])
        for chunk in np.split(order, range(_CHUNK, len(order), _CHUNK)):
            chunk.sort()
            chunk = chunk[self.bound[pair[chunk], large[chunk]] >= self.score[pair[chunk]]]
            if len(chunk):
                self._look(self._inside(pair[chunk], large[chunk]))

    def _look(self, squares: _Squares) -> None:
        """Scores pixels in the squares that could be better, and keeps the best."""
        squares = squares.where(np.flatnonzero(squares.bound >= self.score[squares.pair]))
        pair = squares.pair
        if len(pair) == 0:
            return
        height, width = self.heatmaps.shape[1:]
        inner = np.arange(_SMALL)[:, None]
        # Squares at the border repeat their last row or column.
        y = np.minimum(squares.top + inner, height - 1)
        x = np.minimum(squares.left + inner, width - 1)
        value = self.heatmaps.at(self.keypoint[pair], y[:, None], x).reshape(_SMALL**2, -1)

        def score(number: np.ndarray, pixel: np.ndarray) -> None:
            row, column = np.divmod(pixel, _SMALL)
            self._score(pair[number], y[row, number], x[column, number], value[pixel, number])

        # The pixel with the highest heatmap value comes first; it rules out most others without
        # reading their tags, which costs more.
        score(np.arange(len(pair)), value.argmax(0))
        score(*np.nonzero((value - squares.penalty >= self.score[pair]).T))

    def _score(self, pair: np.ndarray, y: np.ndarray, x: np.ndarray, value: np.ndarray) -> None:
        """Scores pixels exactly and keeps the best for each missing keypoint."""
        if len(pair) == 0:
            return
        tag = self.tags.at(self._tag_channels(self.keypoint[pair]), y, x)
        distance = _distance(tag - self.person_tag[:, pair])
        score = value - self.tag_weight * np.rint(distance)
        index = y * self.heatmaps.shape[2] + x

        # The pixels of each keypoint are consecutive.
        first = np.flatnonzero(np.diff(pair, prepend=-1))
        best = np.maximum.reduceat(score, first)
        is_best = score == np.repeat(best, np.diff(first, append=len(pair)))
        index = np.minimum.reduceat(np.where(is_best, index, np.iinfo(np.int64).max), first)
        pair = pair[first]
        better = (best > self.score[pair]) | (
            (best == self.score[pair]) & (index < self.index[pair])
        )
        self.score[pair[better]] = best[better]
        self.index[pair[better]] = index[better]


def _distance(difference: np.ndarray) -> np.ndarray:
    """Returns the lengths of tag differences ``(L, ...)``."""
    # One tag after another: a sum over an axis could round in another order.
    return np.sqrt(reduce(np.add, difference * difference))


def mean_person_tags(tags: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Averages tags over each person's keypoints: ``(N, K, L)`` and ``(N, K)`` to ``(N, L)``."""
    count = np.maximum(present.sum(1, keepdims=True), 1).astype(np.float32)
    return (tags * present[..., None]).sum(1, dtype=np.float32) / count
