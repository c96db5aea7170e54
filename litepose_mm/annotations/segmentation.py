"""Check that a segmentation can be decoded."""

from __future__ import annotations

from typing import Any

from .run_lengths import run_length_fault
from .values import Size, numbers


def find_fault(segmentation: Any, size: Size | None) -> str | None:
    """Describes what is wrong with run lengths or polygons; None if nothing is.

    Args:
        segmentation: A segmentation in COCO's format, or None.
        size: Width and height of the image, if known.
    """
    if segmentation is None:
        return None
    if isinstance(segmentation, dict):
        fault = run_length_fault(segmentation, size and size[::-1])
        return fault and f'RLE: {fault}'
    if not isinstance(segmentation, list):
        return f'expected RLE or polygons, got {type(segmentation).__name__}'
    for index, polygon in enumerate(segmentation):
        if not isinstance(polygon, list) or numbers(polygon) is not polygon:  # nested, or strings
            return f'polygon {index}: expected a list of finite numbers'
        if len(polygon) < 6 or len(polygon) % 2:
            return f'polygon {index}: expected at least 3 points, got {len(polygon)} numbers'
    return None
