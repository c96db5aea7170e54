"""Maps as if interpolated to another size, evaluated only where they are needed.

The authors interpolate every heatmap and tag map to the input size before they look for people
(LitePose ``TEST.PROJECT2IMAGE``). That is most of the decoding time, and nearly all of those
pixels are never looked at.
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

    Equal to ``torch.nn.functional.interpolate(maps, size, mode='bilinear',
    align_corners=False)`` up to rounding, without building it. Views can be stacked, which
    interpolates twice as the authors do for tags.

    Args:
        source: Maps, float32, shape ``(C, h, w)``, or another view.
        size: The size ``(H, W)`` to show.
    """

    def __init__(self, source: np.ndarray | BilinearMaps, size: tuple[int, int]):
        self.source = source if isinstance(source, BilinearMaps) else np.ascontiguousarray(source)
        self.shape = (source.shape[0], int(size[0]), int(size[1]))
        self.is_identity = self.shape[1:] == tuple(source.shape[1:])
        if not self.is_identity:
            self._rows = _axis(self.shape[1], source.shape[1])
            self._columns = _axis(self.shape[2], source.shape[2])

    @property
    def factor(self) -> tuple[float, float]:
        """How much larger than its source the view is, ``(vertical, horizontal)``."""
        return (self.shape[1] / self.source.shape[1], self.shape[2] / self.source.shape[2])

    def at(self, channel: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Values at integer positions; the three index arrays broadcast together."""
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
        """Values of the source."""
        if isinstance(self.source, BilinearMaps):
            return self.source.at(channel, y, x)
        # Several times as fast as an index for each axis.
        _, height, width = self.source.shape
        return self.source.reshape(-1).take((channel * height + y) * width + x)

    def dense(self) -> np.ndarray:
        """The whole maps, shape ``(C, H, W)``."""
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
        """A bound of the values in every ``block x block`` square of pixels.

        Interpolation is a convex combination, so a square's values lie between the least and
        the largest of the source pixels it reads.

        Args:
            channel: Which maps, shape ``(M,)``.
            block: Side of the squares; the last ones may be smaller.
            reduce: ``np.minimum`` for the least, ``np.maximum`` for the largest.

        Returns:
            The bounds, ``(M, ceil(H / block), ceil(W / block))``.
        """
        ranges = [_block_ranges(side, block) for side in self.shape[1:]]
        maps, *ranges = self._at_source(*ranges)
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
        """Least and largest value that single squares of pixels may hold.

        Args:
            channel: The map of each square, ``(M,)``, or several maps at each, ``(L, M)``.
            top: First row of each, ``(M,)``, inside of the view.
            left: First column of each, ``(M,)``.
            side: Side of the squares, cut off at the border.

        Returns:
            Least and largest values, each of the shape of ``channel``.
        """
        rows = (top, np.minimum(top + side, self.shape[1]) - 1)
        columns = (left, np.minimum(left + side, self.shape[2]) - 1)
        maps, rows, columns = self._at_source(rows, columns)
        # The squares stay on the last axis; short last axes are slow.
        shape = (1,) * (channel.ndim - 1) + top.shape
        rows, columns = (
            np.minimum(np.add.outer(np.arange((last - first).max(initial=0) + 1), first), last)
            for first, last in (rows, columns)
        )
        rows = (channel * maps.shape[1] + rows.reshape(-1, 1, *shape)) * maps.shape[2]
        values = maps.reshape(-1).take(rows + columns.reshape(-1, *shape))
        return values.min((0, 1)), values.max((0, 1))

    def _at_source(self, rows: _Range, columns: _Range) -> tuple[np.ndarray, _Range, _Range]:
        """The maps at the bottom of the views, and which of their pixels some ranges read."""
        if not self.is_identity:
            rows, columns = (
                (axis.near[0, first], axis.near[1, last])
                for axis, (first, last) in ((self._rows, rows), (self._columns, columns))
            )
        if isinstance(self.source, BilinearMaps):
            return self.source._at_source(rows, columns)
        return self.source, rows, columns


def _block_ranges(size: int, block: int) -> _Range:
    """First and last position of every block."""
    first = np.arange(0, size, block)
    return first, np.minimum(first + block, size) - 1


def _reduce_blocks(
    maps: np.ndarray, ranges: _Range, stride: int, axis: int, reduce: np.ufunc
) -> np.ndarray:
    """As :func:`_reduce_ranges`, several times as fast, where ranges begin every ``stride``.

    What a range has beyond its ``stride`` positions, all get, as far as there is any.
    """
    first, last = ranges
    start = stride * np.arange(len(first))
    before = int((start - first).max())
    after = int((last - start).max())
    maps = maps.swapaxes(1, axis)
    result = maps[:, ::stride].copy(order='K')
    for offset in range(-before, after + 1):
        # The first blocks have nothing before them, and the last ones may have nothing after them.
        skip = max(0, -(offset // stride))
        part = maps[:, offset + skip * stride :: stride][:, : len(start) - skip]
        own = result[:, skip : skip + part.shape[1]]
        reduce(own, part, out=own)
    return result.swapaxes(1, axis)


def _reduce_ranges(maps: np.ndarray, ranges: _Range, axis: int, reduce: np.ufunc) -> np.ndarray:
    """Reduce ranges of positions along an axis, however they lie."""
    first, last = ranges
    result = maps.take(first, axis)
    for step in range(1, int((last - first).max()) + 1):
        reduce(result, maps.take(np.minimum(first + step, last), axis), out=result)
    return result
