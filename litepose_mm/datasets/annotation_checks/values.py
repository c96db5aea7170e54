"""Values out of a JSON file, which may be anything."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

Size = tuple[float, float]  # width and height

_MARGIN = 1.0  # pixels that a box or a keypoint may lie outside


def is_id(value: Any) -> bool:
    """Whether it is a whole number, as COCO's ids are; MMPose and xtcocotools calculate with it."""
    return isinstance(value, int) and not isinstance(value, bool)


def has_id(entry: Any) -> bool:
    return isinstance(entry, dict) and is_id(entry.get('id'))


def is_number(value: Any) -> bool:
    """Whether it is a finite number."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and abs(value) <= sys.float_info.max


def are_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(map(is_number, values))


def is_box(value: Any) -> bool:
    return are_numbers(value) and len(value) == 4


def box_area(box: Sequence[float]) -> float:
    """The area that MMPose and xtcocotools take where an annotation has none."""
    return 0.53 * max(box[2], 0) * max(box[3], 0)


def triples(values: Any) -> list[tuple[float, float, float]]:
    """x, y and visibility of each keypoint; none where ``values`` is no list of them."""
    if not are_numbers(values) or len(values) % 3:
        return []
    return list(zip(values[::3], values[1::3], values[2::3]))


def size_of(image: dict) -> Size | None:
    """Width and height as an image's entry has them; None where these are no positive numbers."""
    size = image.get('width'), image.get('height')
    return size if all(is_number(side) and side > 0 for side in size) else None


def is_inside(box: Sequence[float], size: Size | None) -> bool:
    """Whether a box lies in a picture, give or take a pixel; always where its size is not known."""
    if size is None:
        return True
    x, y, width, height = box
    low, right, bottom = -_MARGIN, size[0] + _MARGIN, size[1] + _MARGIN
    return min(x, y) >= low and x + width <= right and y + height <= bottom
