"""The costly steps of the decoder, compiled where the package was installed with a C++ compiler.

Each function does what the function of the same name in numpy does, with the same result to the
bit, and calls that one where there is no compiled library or the numbers are not float32. The
sources are in ``cpp/``; ``demo/cpp`` is built from the same ones.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import LitePoseError
from . import grouping, peaks, refine
from .base import BROKEN_OUTPUTS
from .bilinear import BilinearMaps
from .grouping import Candidates, Groups
from .peaks import Peaks
from .refine import Missing

# That of cpp/library.cpp.
_INTERFACE = 1
_NO_LIMIT = 2**31 - 1


def load(path: Path) -> ctypes.CDLL | None:
    """Loads the library; None if it was not built, or for another version or system."""
    try:
        library = ctypes.CDLL(str(path))
        fits = library.litepose_interface() == _INTERFACE
    except (OSError, AttributeError):
        return None
    return library if fits else None


#: The compiled library. Tests and benchmarks replace it by None for the plain functions.
library: Any = load(Path(__file__).with_name('_compiled.so'))


class _View(ctypes.Structure):
    """``View`` of cpp/library.cpp."""

    _fields_ = [
        ('data', ctypes.c_void_p),
        ('channels', ctypes.c_int32),
        ('height', ctypes.c_int32),
        ('width', ctypes.c_int32),
        ('sizes', ctypes.c_int32 * 4),
    ]


def _view(maps: BilinearMaps) -> _View:
    source, array = maps.source, _array(maps)
    first = source.shape[1:] if isinstance(source, BilinearMaps) else maps.shape[1:]
    sizes = (ctypes.c_int32 * 4)(*first, *maps.shape[1:])
    return _View(array.ctypes.data, *array.shape, sizes)


def _array(maps: BilinearMaps) -> Any:
    """Returns the array that a view, or a view of a view, shows."""
    return maps.source.source if isinstance(maps.source, BilinearMaps) else maps.source


def _fits(*maps: BilinearMaps) -> bool:
    """Whether the library can be used for maps."""
    arrays = [] if library is None else [_array(each) for each in maps]
    return bool(arrays) and all(
        isinstance(each, np.ndarray) and each.dtype == np.float32 for each in arrays
    )


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _indices(*arrays: np.ndarray) -> list[np.ndarray]:
    return [np.ascontiguousarray(array, dtype=np.int64) for array in arrays]


def find_peaks(
    heatmaps: BilinearMaps, threshold: float, kernel: int = 5, top_k: int = 30
) -> list[Peaks]:
    """See :func:`litepose_mm.decoding.peaks.find_peaks`."""
    if not _fits(heatmaps):
        return peaks.find_peaks(heatmaps, threshold, kernel, top_k)
    channels, height, width = heatmaps.shape
    capacity = min(top_k, height * width)
    counts = np.empty(channels, np.int64)
    values = np.empty((channels, capacity), np.float32)
    y, x = np.empty((2, channels, capacity), np.int64)
    view = ctypes.byref(_view(heatmaps))
    bounds = np.empty((channels, library.litepose_num_bounds(view)), np.float32)
    is_finite = library.litepose_find_peaks(
        view,
        ctypes.c_double(threshold),
        min(kernel, _NO_LIMIT),
        capacity,
        *map(_pointer, (counts, values, y, x, bounds)),
    )
    if not is_finite:
        raise LitePoseError(BROKEN_OUTPUTS)
    heatmaps.bounds = bounds
    return [
        Peaks(values[k, :count], y[k, :count], x[k, :count])
        for k, count in enumerate(counts.tolist())
    ]


def read_at(maps: BilinearMaps, channel: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """See :meth:`litepose_mm.decoding.BilinearMaps.at`."""
    if not _fits(maps):
        return maps.at(channel, y, x)
    shape = np.broadcast_shapes(channel.shape, y.shape, x.shape)
    channel, y, x = _indices(*(np.broadcast_to(part, shape) for part in (channel, y, x)))
    values = np.empty(shape, np.float32)
    library.litepose_at(
        ctypes.byref(_view(maps)),
        ctypes.c_int64(channel.size),
        *map(_pointer, (channel, y, x, values)),
    )
    return values


def group_by_tags(
    candidates: Sequence[Candidates],
    keypoint_order: Sequence[int],
    tag_threshold: float = 1.0,
    max_match: int | None = None,
) -> Groups:
    """See :func:`litepose_mm.decoding.grouping.group_by_tags`."""
    values, tags, positions = (
        [getattr(own, name) for own in candidates] for name in ('values', 'tags', 'positions')
    )
    if library is None or any(part.dtype != np.float32 for part in (*values, *tags)):
        return grouping.group_by_tags(candidates, keypoint_order, tag_threshold, max_match)
    num_keypoints, tag_dim = len(candidates), tags[0].shape[1]
    counts = np.array([len(own) for own in values], np.int64)
    all_values, all_tags = (np.ascontiguousarray(np.concatenate(own)) for own in (values, tags))
    order = np.array(keypoint_order, np.int64)
    people = np.empty(len(all_values), np.int64)
    library.litepose_group_by_tags(
        num_keypoints,
        tag_dim,
        *map(_pointer, (counts, all_values, all_tags, order)),
        ctypes.c_double(tag_threshold),
        _NO_LIMIT if max_match is None else min(max_match, _NO_LIMIT),
        _pointer(people),
    )
    groups = grouping.empty_groups(int(people.max(initial=-1)) + 1, num_keypoints, tag_dim)
    where = people, np.repeat(np.arange(num_keypoints), counts)
    for group, own in zip(groups, (np.concatenate(positions), all_values, all_tags)):
        group[where] = own  # if a person has several candidates, the last one counts
    return groups


def quarter_offsets(
    heatmaps: BilinearMaps,
    channel: np.ndarray,
    y: np.ndarray,
    x: np.ndarray,
    ties_to_zero: bool = False,
) -> np.ndarray:
    """See :func:`litepose_mm.decoding.refine.quarter_offsets`."""
    if not _fits(heatmaps):
        return refine.quarter_offsets(heatmaps, channel, y, x, ties_to_zero)
    channel, y, x = _indices(channel, y, x)
    offsets = np.empty((len(channel), 2), np.float32)
    library.litepose_quarter_offsets(
        ctypes.byref(_view(heatmaps)),
        ctypes.c_int64(len(channel)),
        *map(_pointer, (channel, y, x)),
        ties_to_zero,
        _pointer(offsets),
    )
    return offsets


def find_missing(
    heatmaps: BilinearMaps,
    tags: BilinearMaps,
    keypoint: np.ndarray,
    person_tag: np.ndarray,
    tag_weight: float = 1.0,
) -> Missing:
    """See :func:`litepose_mm.decoding.refine.find_missing`."""
    if not _fits(heatmaps, tags):
        return refine.find_missing(heatmaps, tags, keypoint, person_tag, tag_weight)
    (keypoint,) = _indices(keypoint)
    person_tag = np.ascontiguousarray(person_tag, np.float32)
    y, x = np.empty((2, len(keypoint)), np.int64)
    values = np.empty(len(keypoint), np.float32)
    library.litepose_find_missing(
        ctypes.byref(_view(heatmaps)),
        None if heatmaps.bounds is None else _pointer(heatmaps.bounds),
        ctypes.byref(_view(tags)),
        ctypes.c_int64(len(keypoint)),
        *map(_pointer, (keypoint, person_tag)),
        ctypes.c_float(tag_weight),
        *map(_pointer, (y, x, values)),
    )
    return Missing(y, x, values)
