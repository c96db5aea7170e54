"""Maps as if interpolated to another size, evaluated only where they are needed.

The authors interpolate every heatmap and tag map to the input size before they look for people
(LitePose ``TEST.PROJECT2IMAGE``). That is most of the decoding time, and nearly all of those
pixels are never looked at.
"""
from __future__ import annotations

from typing import NamedTuple, Tuple, Union

import numpy as np


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
    align_corners=False)`` up to the last bit, without building it. Views can be stacked, which
    interpolates twice as the authors do for tags.

    Args:
        source: Maps, float32, shape ``(C, h, w)``, or another view.
        size: The size ``(H, W)`` to show.
    """

    def __init__(self, source: Union[np.ndarray, 'BilinearMaps'], size: Tuple[int, int]):
        self.source = source
        self.shape = (source.shape[0], int(size[0]), int(size[1]))
        self.is_identity = self.shape[1:] == tuple(source.shape[1:])
        if not self.is_identity:
            self._rows = _axis(self.shape[1], source.shape[1])
            self._columns = _axis(self.shape[2], source.shape[2])

    @property
    def factor(self) -> Tuple[float, float]:
        """How much larger than its source the view is, ``(vertical, horizontal)``."""
        return (self.shape[1] / self.source.shape[1], self.shape[2] / self.source.shape[2])

    def at(self, channel: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Values at integer positions; the three index arrays broadcast together."""
        if self.is_identity:
            return _read(self.source, channel, y, x)
        rows, columns = self._rows, self._columns
        y0, y1, x0, x1 = rows.low[y], rows.high[y], columns.low[x], columns.high[x]
        left, right = columns.low_weight[x], columns.high_weight[x]
        top = (left * _read(self.source, channel, y0, x0) +
               right * _read(self.source, channel, y0, x1))
        bottom = (left * _read(self.source, channel, y1, x0) +
                  right * _read(self.source, channel, y1, x1))
        return rows.low_weight[y] * top + rows.high_weight[y] * bottom

    def dense(self) -> np.ndarray:
        """The whole maps, shape ``(C, H, W)``."""
        source = self.source.dense() if isinstance(self.source, BilinearMaps) else self.source
        if self.is_identity:
            return source
        columns, rows = self._columns, self._rows
        wide = (columns.low_weight * source[:, :, columns.low] +
                columns.high_weight * source[:, :, columns.high])
        return (rows.low_weight[:, None] * wide[:, rows.low] +
                rows.high_weight[:, None] * wide[:, rows.high])

    def block_bounds(self, channel: np.ndarray, block: int) -> Tuple[np.ndarray, np.ndarray]:
        """Bounds of the values in every ``block x block`` square of pixels.

        Interpolation is a convex combination, so a square's values lie between the least and
        the largest of the source pixels it reads.

        Args:
            channel: Which maps, shape ``(M,)``.
            block: Side of the squares; the last ones may be smaller.

        Returns:
            Least and largest values, each ``(M, ceil(H / block), ceil(W / block))``.
        """
        row_ranges = _block_ranges(self.shape[1], block)
        column_ranges = _block_ranges(self.shape[2], block)
        view: Union[np.ndarray, BilinearMaps] = self
        while isinstance(view, BilinearMaps):
            if not view.is_identity:
                row_ranges = (view._rows.low[row_ranges[0]], view._rows.high[row_ranges[1]])
                column_ranges = (view._columns.low[column_ranges[0]],
                                 view._columns.high[column_ranges[1]])
            view = view.source
        maps = view[channel]
        return (_reduce_ranges(maps, row_ranges, column_ranges, np.minimum),
                _reduce_ranges(maps, row_ranges, column_ranges, np.maximum))


def _read(source: Union[np.ndarray, BilinearMaps], channel: np.ndarray, y: np.ndarray,
          x: np.ndarray) -> np.ndarray:
    return source.at(channel, y, x) if isinstance(source, BilinearMaps) else source[channel, y, x]


def _block_ranges(size: int, block: int) -> Tuple[np.ndarray, np.ndarray]:
    """First and last position of every block."""
    first = np.arange(0, size, block)
    return first, np.minimum(first + block, size) - 1


def _reduce_ranges(maps: np.ndarray, row_ranges: Tuple[np.ndarray, np.ndarray],
                   column_ranges: Tuple[np.ndarray, np.ndarray],
                   reduce: np.ufunc) -> np.ndarray:
    """Reduce every rectangle ``rows x columns`` of inclusive ranges, which may overlap."""
    for axis, (first, last) in ((1, row_ranges), (2, column_ranges)):
        result = maps.take(first, axis)
        for step in range(1, int((last - first).max()) + 1):
            reduce(result, maps.take(np.minimum(first + step, last), axis), out=result)
        maps = result
    return maps
