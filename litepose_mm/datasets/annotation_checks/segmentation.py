"""Whether a segmentation can be decoded."""

from __future__ import annotations

from typing import Any

from .values import Size, are_numbers


def find_fault(segmentation: Any, size: Size | None) -> str | None:
    """What is wrong with run lengths or polygons; None where nothing is, or there are none.

    Args:
        segmentation: As COCO has it.
        size: Width and height of the image, where they are known.
    """
    if segmentation is None:
        return None
    if isinstance(segmentation, dict):
        fault = _run_length_fault(segmentation, size)
        return fault and f'RLE: {fault}'
    if not isinstance(segmentation, list):
        return f'expected RLE or polygons, got {type(segmentation).__name__}'
    for index, polygon in enumerate(segmentation):
        if not are_numbers(polygon):
            return f'polygon {index}: expected a list of finite numbers'
        if len(polygon) < 6 or len(polygon) % 2:
            return f'polygon {index}: expected at least 3 points, got {len(polygon)} numbers'
    return None


def _run_length_fault(segmentation: dict, size: Size | None) -> str | None:
    area, counts = segmentation.get('size'), segmentation.get('counts')
    if not are_numbers(area) or len(area) != 2:
        return f'expected the size (height, width), got {area}'
    if size and tuple(area) != size[::-1]:
        return f'size {area}, expected {list(size[::-1])} (height, width)'
    if isinstance(counts, str):  # compressed
        return None
    if not isinstance(counts, list):
        return f'expected counts, got {type(counts).__name__}'
    if not are_numbers(counts) or min(counts, default=0) < 0:
        return 'expected counts of 0 or more'
    if sum(counts) != area[0] * area[1]:
        return f'counts sum to {sum(counts)}, expected {area[0] * area[1]}'
    return None
