"""Values out of a JSON file, which may be anything."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

Size = tuple[float, float]  # width and height

_MARGIN = 1.0  # pixels that a box or a keypoint may lie outside
_PLAIN = {int, float}


def is_number(value: Any) -> bool:
    """Whether it is a finite number."""
    return type(value) in _PLAIN and abs(value) <= sys.float_info.max


def number(value: Any) -> int | float | None:
    """A finite number, also one that was written as text; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
        value = int(value) if value.is_integer() else value
    return value if is_number(value) else None


def numbers(values: Any) -> list[int | float] | None:
    """A flat list of finite numbers, of one that may be nested or hold texts; None for others."""
    if not isinstance(values, list):
        return None
    try:
        if _PLAIN.issuperset(map(type, values)):
            return values if all(map(math.isfinite, values)) else None
        flat = np.asarray(values, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError, OverflowError):
        return None
    return flat.tolist() if np.isfinite(flat).all() else None


def id_text(value: Any) -> str | None:
    """What an id is compared by, so that 7, 7.0 and '7' are the same; None where it is no id."""
    if isinstance(value, str):
        return value.strip() or None
    if not is_number(value) or value != int(value):
        return None
    return str(int(value))


def box_area(box: Sequence[float]) -> float:
    """The area that MMPose and COCO's evaluation take where an annotation has none."""
    return 0.53 * max(box[2], 0) * max(box[3], 0)


def triples(flat: Sequence[float]) -> list[tuple[float, float, float]]:
    """x, y and visibility of each keypoint."""
    return list(zip(flat[::3], flat[1::3], flat[2::3]))


def size_of(image: dict) -> Size | None:
    """Width and height as an image's entry has them; None where these are no positive numbers."""
    size = number(image.get('width')), number(image.get('height'))
    return size if all(side is not None and side > 0 for side in size) else None


def is_inside(box: Sequence[float], size: Size | None) -> bool:
    """Whether a box lies in an image, give or take a pixel; always where its size is not known."""
    if size is None:
        return True
    x, y, width, height = box
    low, right, bottom = -_MARGIN, size[0] + _MARGIN, size[1] + _MARGIN
    return min(x, y) >= low and x + width <= right and y + height <= bottom


def image_path(folder: str | Path, file_name: str) -> Path:
    """Where an image is; backslashes, as Windows writes them, stand between folders, too."""
    path = Path(folder, file_name)
    if '\\' in file_name and not path.exists():
        path = Path(folder, file_name.replace('\\', '/'))
    return path
