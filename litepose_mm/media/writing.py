"""Writing images and JSON: a file is whole or not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import LitePoseError
from ..utils.files import replacing


def write_image(path: str | Path, image: np.ndarray) -> None:
    """Writes an image in the format of the suffix; makes the folder; never leaves half a file.

    Raises:
        LitePoseError: The format is not known or cannot hold the image, or the file cannot be
            written.
    """
    path = Path(path)
    try:
        ok, data = cv2.imencode(path.suffix, image)
    except cv2.error as error:
        raise LitePoseError(
            f'cannot write {path}: OpenCV does not write this: {error.err}'
        ) from error
    if not ok:
        raise LitePoseError(f'cannot write {path}: the format cannot hold an image {image.shape}')
    with replacing(path) as part:
        part.write_bytes(data.tobytes())


def write_json(path: str | Path, document: Any) -> None:
    """Writes a JSON file; makes the folder; never leaves half a file.

    Raises:
        LitePoseError: The document is not plain values, or the file cannot be written.
    """
    try:
        text = json.dumps(document, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LitePoseError(f'cannot write {path}: {error}') from error
    with replacing(Path(path)) as part:
        part.write_text(text + '\n', encoding='utf-8')
