"""Maps interpolated to another size lazily, only at the pixels that are read.

The authors interpolate every heatmap and tag map to the input size before they search for people
(LitePose ``TEST.PROJECT2IMAGE``). This takes most of the decoding time, although nearly all of
these pixels are never used.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

# First and last positions, both inclusive.
_Range = tuple[np.ndarray, np.ndarray]


class _Axis(NamedTuple):
    """The two input positions that each output position reads, and their weights, ``(2, size)``."""

    near: np.ndarray
    weight: np.ndarray


@lru_cache(maxsize=32)
def _axis(size: int, source_size: int) -> _Axis:
    """Half-pixel centres, clamped at the border, in float32: ``align_corners=False`` of torch."""
    scale = np.float32(source_size / size)
    position = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    position = np.maximum(position, np.float32(0))
    low = np.minimum(position.astype(np.int64), source_size - 1)
    high_weight = position - low.astype(np.float32)
    return _Axis(
        np.stack([low, np.minimum(low + 1, source_size - 1)]),
        np.stack([1 - high_weight, high_weight]),
    )


class BilinearMaps:
    """A stack of maps seen at another size through bilinear interpolation.

    The view equals ``torch.nn.functional.interpolate(maps, shape_hw, mode='bilinear',
    align_corners=False)`` up to rounding, but the full maps are never built. Views can be stacked,
    which interpolates twice, as the authors do for tags.

    Args:
        source: Maps, float32, shape ``(C, h, w)``, or another view.
        shape_hw: Height and width of the view.
    """

    shape: tuple[int, int, int]
    #: Bounds of the values that the compiled steps keep for each other.
    bounds: np.ndarray | None = None

    def __init__(self, source: np.ndarray | BilinearMaps, shape_hw: tuple[int, ...]):
        self.source = source if isinstance(source, BilinearMaps) else np.ascontiguousarray(source)
        self.shape = (source.shape[0], int(shape_hw[0]), int(shape_hw[1]))
        self.is_identity = self.shape[1:] == tuple(source.shape[1:])
        if not self.is_identity:
            self._rows = _axis(self.shape[1], source.shape[1])
            self._columns = _axis(self.shape[2], source.shape[2])

    @property
    def factor(self) -> tuple[float, float]:
        """Magnification of the view over its source, ``(vertical, horizontal)``."""
        return (self.shape[1] / self.source.shape[1], self.shape[2] / self.source.shape[2])

    def at(self, channel: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Returns the values at integer positions; the three index arrays are broadcast."""
        if self.is_identity:
            return self._read(channel, y, x)
        axes = np.broadcast(channel, y, x).ndim
        y, x = (i.reshape((1,) * (axes - i.ndim) + i.shape) for i in (y, x))
        rows, columns = self._rows, self._columns
        # The four pixels that each position reads, on two new axes.
        four = self._read(channel, rows.near.take(y, 1)[:, None], columns.near.take(x, 1))
        left, right = columns.weight.take(x, 1)
        upper, lower = rows.weight.take(y, 1)
        two = left * four[:, 0] + right * four[:, 1]
        return upper * two[0] + lower * two[1]

    def _read(self, channel: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Returns values of the source."""
        if isinstance(self.source, BilinearMaps):
            return self.source.at(channel, y, x)
        # A flat index is several times as fast as one index per axis.
        _, height, width = self.source.shape
        return self.source.reshape(-1).take((channel * height + y) * width + x)

    def dense(self) -> np.ndarray:
        """Returns the whole maps, shape ``(C, H, W)``."""
        source = self.source.dense() if isinstance(self.source, BilinearMaps) else self.source
        if self.is_identity:
            return source
        low, high = self._columns.near
        left, right = self._columns.weight
        wide = left * source.take(low, 2) + right * source.take(high, 2)
        low, high = self._rows.near
        upper, lower = self._rows.weight[:, :, None]
        return upper * wide.take(low, 1) + lower * wide.take(high, 1)

    def block_bounds(self, channel: np.ndarray, block: int, reduce: np.ufunc) -> np.ndarray:
        """Returns a bound of the values in every ``block x block`` square of pixels.

        Interpolation is a convex combination, so a square's values lie between the smallest and
        the largest of the source pixels that it reads.

        Args:
            channel: The maps to use, shape ``(M,)``.
            block: Side of the squares; the last ones may be smaller.
            reduce: ``np.minimum`` for the lower bound, ``np.maximum`` for the upper bound.

        Returns:
            The bounds, ``(M, ceil(H / block), ceil(W / block))``.
        """
        rows, columns = (_block_ranges(side, block) for side in self.shape[1:])
        maps, *ranges = self._at_source(rows, columns)
        strides = [block * own / side for own, side in zip(maps.shape[1:], self.shape[1:])]
        if len(channel) < len(maps):
            maps = maps[channel]
        for axis in range(2):
            if strides[axis].is_integer():
                maps = _reduce_blocks(maps, ranges[axis], int(strides[axis]), axis + 1, reduce)
            else:
                maps = _reduce_ranges(maps, ranges[axis], axis + 1, reduce)
        return maps

    def square_bounds(
        self, channel: np.ndarray, top: np.ndarray, left: np.ndarray, side: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns the bounds of the values in individual squares of pixels.

        Args:
            channel: The map of each square, ``(M,)``, or several maps per square, ``(L, M)``.
            top: First row of each square, ``(M,)``, inside the view.
            left: First column of each square, ``(M,)``.
            side: Side of the squares, which are cut off at the border.

        Returns:
            Lower and upper bounds, each with the shape of ``channel``.
        """
        maps, *ranges = self._at_source(
            (top, np.minimum(top + side, self.shape[1]) - 1),
            (left, np.minimum(left + side, self.shape[2]) - 1),
        )
        # The squares stay on the last axis; short last axes are slow.
        shape = (1,) * (channel.ndim - 1) + top.shape
        rows, columns = (
            np.minimum(np.add.outer(np.arange((last - first).max(initial=0) + 1), first), last)
            for first, last in ranges
        )
        rows = (channel * maps.shape[1] + rows.reshape(-1, 1, *shape)) * maps.shape[2]
        values = maps.reshape(-1).take(rows + columns.reshape(-1, *shape))
        return values.min((0, 1)), values.max((0, 1))

    def _at_source(self, rows: _Range, columns: _Range) -> tuple[np.ndarray, _Range, _Range]:
        """Returns the innermost source maps, and the ranges of their pixels that are read."""
        if not self.is_identity:
            rows, columns = (
                (axis.near[0, first], axis.near[1, last])
                for axis, (first, last) in ((self._rows, rows), (self._columns, columns))
            )
        if isinstance(self.source, BilinearMaps):
            return self.source._at_source(rows, columns)
        return self.source, rows, columns


def is_finite(maps: np.ndarray) -> bool:
    """Whether all values are numbers."""
    # A sum checks every number cheaply, on this thread alone; that of large numbers may overflow.
    return bool(np.isfinite(maps.sum()) or np.isfinite(maps).all())


def _block_ranges(size: int, block: int) -> _Range:
    """Returns the first and last position of every block."""
    first = np.arange(0, size, block)
    return first, np.minimum(first + block, size) - 1


def _reduce_blocks(
    maps: np.ndarray, ranges: _Range, stride: int, axis: int, reduce: np.ufunc
) -> np.ndarray:
    """Reduces ranges like :func:`_reduce_ranges`, but several times as fast.

    Ranges start about ``stride`` positions apart. All are extended by the same margin, clipped at
    the borders.
    """
    first, last = ranges
    start = stride * np.arange(len(first))
    before = int((start - first).max())
    after = int((last - start).max())
    maps = maps.swapaxes(1, axis)
    result = maps[:, ::stride].copy(order='K')
    for offset in range(-before, after + 1):
        # Nothing precedes the first blocks, and nothing may follow the last ones.
        skip = max(0, -(offset // stride))
        part = maps[:, offset + skip * stride :: stride][:, : len(start) - skip]
        own = result[:, skip : skip + part.shape[1]]
        reduce(own, part, out=own)
    return result.swapaxes(1, axis)


def _reduce_ranges(maps: np.ndarray, ranges: _Range, axis: int, reduce: np.ufunc) -> np.ndarray:
    """Reduces arbitrary ranges of positions along an axis."""
    first, last = ranges
    result = maps.take(first, axis)
    for step in range(1, int((last - first).max()) + 1):
        reduce(result, maps.take(np.minimum(first + step, last), axis), out=result)
    return result
