"""Read values of a JSON file, which may have any type."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

Size = tuple[float, float]  # width and height

_MARGIN = 1.0  # pixels that a box or a keypoint may lie outside
_PLAIN = {int, float}


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether the value is a finite number."""
    return type(value) in _PLAIN and abs(value) <= sys.float_info.max


def number(value: Any) -> int | float | None:
    """Returns a finite number, which may be given as a string; None for anything else."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
        value = int(value) if value.is_integer() else value
    return value if is_number(value) else None


def numbers(values: Any) -> list[int | float] | None:
    """Flattens a list of finite numbers, which may be nested or contain strings; else None."""
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
    """Returns an id as text, so that 7, 7.0 and '7' are equal; None if the value is not an id."""
    if isinstance(value, str):
        return value.strip() or None
    if not is_number(value) or value != int(value):
        return None
    return str(int(value))


def box_area(box: Sequence[float]) -> float:
    """Returns the area that MMPose and COCO's evaluation assume if an annotation has none."""
    return 0.53 * max(box[2], 0) * max(box[3], 0)


def triples(flat: Sequence[float]) -> list[tuple[float, float, float]]:
    """Returns x, y and visibility of each keypoint."""
    return list(zip(flat[::3], flat[1::3], flat[2::3]))


def size_of(image: dict) -> Size | None:
    """Returns the width and height in an image's entry; None unless both are positive numbers."""
    width, height = number(image.get('width')), number(image.get('height'))
    if width is None or height is None or min(width, height) <= 0:
        return None
    return width, height


def is_inside(box: Sequence[float], size: Size | None) -> bool:
    """Whether a box lies inside an image, give or take a pixel; True if its size is unknown."""
    if size is None:
        return True
    x, y, width, height = box
    low, right, bottom = -_MARGIN, size[0] + _MARGIN, size[1] + _MARGIN
    return min(x, y) >= low and x + width <= right and y + height <= bottom


def image_path(folder: str | Path, file_name: str) -> Path:
    """Returns the path of an image, whose name may contain backslashes, as on Windows."""
    path = Path(folder, file_name)
    if '\\' in file_name and not path.exists():
        path = Path(folder, file_name.replace('\\', '/'))
    return path
