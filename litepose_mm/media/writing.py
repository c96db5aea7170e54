"""Write images and JSON atomically."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import LitePoseError
from ..utils.files import replacing


def write_image(path: str | Path, image: np.ndarray) -> None:
    """Writes an image atomically in the format of the suffix, and creates the folder if needed.

    Raises:
        LitePoseError: The format is unknown or cannot store the image, or the file cannot be
            written.
    """
    path = Path(path)
    try:
        ok, data = cv2.imencode(path.suffix, image)
    except cv2.error as error:
        raise LitePoseError(
            f'cannot write {path}: OpenCV cannot encode the image: {error.err}'
        ) from error
    if not ok:
        raise LitePoseError(
            f'cannot write {path}: the format cannot store an image of shape {image.shape}'
        )
    with replacing(path) as part:
        part.write_bytes(data.tobytes())


def write_json(path: str | Path, document: Any) -> None:
    """Writes a JSON file atomically, and creates the folder if needed.

    Raises:
        LitePoseError: The document cannot be represented in JSON, or the file cannot be written.
    """
    try:
        text = json.dumps(document, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LitePoseError(f'cannot write {path}: {error}') from error
    with replacing(Path(path)) as part:
        part.write_text(text + '\n', encoding='utf-8')
