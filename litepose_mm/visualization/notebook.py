"""A result as notebooks show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..errors import LitePoseError
from ..media import read_image
from .draw import draw_resized

if TYPE_CHECKING:
    from ..structures import PoseResult

_LONG_SIDE = 960  # pixels, at most: a notebook keeps every drawing
_GRAY = 64


def notebook_png(result: PoseResult) -> bytes:
    """The drawing of a result as a PNG file, of 960 pixels at most.

    It is drawn on the image that ``source`` names; on gray where there is none, it cannot be read,
    or it is of another size: results keep no images.
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
