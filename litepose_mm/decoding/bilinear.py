"""Maps as if interpolated to another size, evaluated only where they are needed.

The authors interpolate every heatmap and tag map to the input size before they look for people
(LitePose ``TEST.PROJECT2IMAGE``). That is most of the decoding time, and nearly all of those
pixels are never looked at.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# First and last positions, both inclusive.
_Range = tuple[np.ndarray, np.ndarray]


class _Axis(NamedTuple):
    """Where each output position reads its input: ``(1 - weight) * low + weight * high``."""

    low: np.ndarray
    high: np.ndarray
    low_weight: np.ndarray
    high_weight: np.ndarray


def _axis(size: int, source_size: int) -> _Axis:
    """Half-pixel centres, clamped at the border, in float32: ``align_corners=False`` of torch."""
    scale = np.float32(source_size / size)
    position = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
    position = np.maximum(position, np.float32(0))
    low = np.minimum(position.astype(np.int64), source_size - 1)
    high_weight = position - low.astype(np.float32)
    return _Axis(low, np.minimum(low + 1, source_size - 1), 1 - high_weight, high_weight)


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
        self.source = source
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
            return _read(self.source, channel, y, x)
        rows, columns = self._rows, self._columns
        y0, y1, x0, x1 = rows.low[y], rows.high[y], columns.low[x], columns.high[x]
        left, right = columns.low_weight[x], columns.high_weight[x]
        top = left * _read(self.source, channel, y0, x0) + right * _read(
            self.source, channel, y0, x1
        )
        bottom = left * _read(self.source, channel, y1, x0) + right * _read(
            self.source, channel, y1, x1
        )
        return rows.low_weight[y] * top + rows.high_weight[y] * bottom

    def dense(self) -> np.ndarray:
        """The whole maps, shape ``(C, H, W)``."""
        source = self.source.dense() if isinstance(self.source, BilinearMaps) else self.source
        if self.is_identity:
            return source
        columns, rows = self._columns, self._rows
        wide = (
            columns.low_weight * source[:, :, columns.low]
            + columns.high_weight * source[:, :, columns.high]
        )
        return (
            rows.low_weight[:, None] * wide[:, rows.low]
            + rows.high_weight[:, None] * wide[:, rows.high]
        )

    def block_bounds(self, channel: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the values in every ``block x block`` square of pixels.

        Interpolation is a convex combination, so a square's values lie between the least and
        the largest of the source pixels it reads.

        Args:
            channel: Which maps, shape ``(M,)``.
            block: Side of the squares; the last ones may be smaller.

        Returns:
            Least and largest values, each ``(M, ceil(H / block), ceil(W / block))``.
        """
        maps, row_ranges, column_ranges = self._at_source(
            _block_ranges(self.shape[1], block), _block_ranges(self.shape[2], block)
        )
        maps = maps[channel]
        return (
            _reduce_ranges(maps, row_ranges, column_ranges, np.minimum),
            _reduce_ranges(maps, row_ranges, column_ranges, np.maximum),
        )

    def square_bounds(
        self, channel: np.ndarray, top: np.ndarray, left: np.ndarray, side: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """As :meth:`block_bounds`, for single squares of pixels anywhere.

        Args:
            channel: The map of each square, shape ``(M,)``.
            top: First row of each, shape ``(M,)``.
            left: First column of each, shape ``(M,)``.
            side: Side of the squares, cut off at the border.

        Returns:
            Least and largest values, each ``(M,)``.
        """
        rows = (top, np.minimum(top + side, self.shape[1]) - 1)
        columns = (left, np.minimum(left + side, self.shape[2]) - 1)
        maps, rows, columns = self._at_source(rows, columns)
        least, largest = None, None
        for i in range(int((rows[1] - rows[0]).max(initial=0)) + 1):
            y = np.minimum(rows[0] + i, rows[1])
            for j in range(int((columns[1] - columns[0]).max(initial=0)) + 1):
                values = maps[channel, y, np.minimum(columns[0] + j, columns[1])]
                least = values if least is None else np.minimum(least, values)
                largest = values if largest is None else np.maximum(largest, values)
        return least, largest

    def _at_source(self, rows: _Range, columns: _Range) -> tuple[np.ndarray, _Range, _Range]:
        """The maps at the bottom of the views, and which of their pixels some ranges read."""
        if not self.is_identity:
            rows = (self._rows.low[rows[0]], self._rows.high[rows[1]])
            columns = (self._columns.low[columns[0]], self._columns.high[columns[1]])
        if isinstance(self.source, BilinearMaps):
            return self.source._at_source(rows, columns)
        return self.source, rows, columns


def _read(
    source: np.ndarray | BilinearMaps, channel: np.ndarray, y: np.ndarray, x: np.ndarray
) -> np.ndarray:
    return source.at(channel, y, x) if isinstance(source, BilinearMaps) else source[channel, y, x]


def _block_ranges(size: int, block: int) -> _Range:
    """First and last position of every block."""
    first = np.arange(0, size, block)
    return first, np.minimum(first + block, size) - 1


def _reduce_ranges(
    maps: np.ndarray, row_ranges: _Range, column_ranges: _Range, reduce: np.ufunc
) -> np.ndarray:
    """Reduce every rectangle ``rows x columns`` of inclusive ranges, which may overlap."""
    for axis, (first, last) in ((1, row_ranges), (2, column_ranges)):
        result = maps.take(first, axis)
        for step in range(1, int((last - first).max()) + 1):
            reduce(result, maps.take(np.minimum(first + step, last), axis), out=result)
        maps = result
    return maps
