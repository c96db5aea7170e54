"""Draw results for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..errors import LitePoseError
from ..media import read_image
from .draw import draw_resized

if TYPE_CHECKING:
    from ..structures import PoseResult

_LONG_SIDE = 960  # maximum in pixels, because notebooks store every drawing
_GRAY = 64


def notebook_png(result: PoseResult) -> bytes:
    """Returns the drawing of a result as a PNG file, with at most 960 pixels on each side.

    Results do not store their image, so it is read again from ``source``. If there is none, it
    cannot be read, or its size is wrong, people are drawn on gray.
    """
    zoom = min(1, _LONG_SIDE / max(result.image_size))
    width, height = (max(1, round(zoom * side)) for side in result.image_size)
    image = _source_image(result)
    if image is None:
        image = np.full((height, width, 3), _GRAY, np.uint8)
    elif zoom < 1:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return cv2.imencode('.png', draw_resized(image, result))[1].tobytes()


def _source_image(result: PoseResult) -> np.ndarray | None:
    if result.source is None:
        return None
    try:
        image = read_image(result.source)
    except LitePoseError:
        return None
    return image if image.shape[1::-1] == result.image_size else None
