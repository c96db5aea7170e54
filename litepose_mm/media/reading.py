"""Reading pictures and videos, with errors that say what is wrong with a file."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ..errors import LitePoseError

_FALLBACK_FPS = 25.0
_CUT_SHORT = 0.9  # containers count frames roughly; fewer than this share of them is a broken file


def read_image(path: str | Path) -> np.ndarray:
    """Reads a picture as BGR (H, W, 3) uint8, upright by its EXIF orientation.

    Raises:
        LitePoseError: The file is missing, empty, broken or not a picture.
    """
    try:
        data = np.frombuffer(Path(path).read_bytes(), np.uint8)
    except FileNotFoundError as error:
        raise LitePoseError(f'expected a picture, but there is no file {str(path)!r}') from error
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise LitePoseError(f'cannot read the picture {path}: {reason}') from error
    return decode_image(data, str(path))


def decode_image(data: bytes | np.ndarray, name: str, max_pixels: int | None = None) -> np.ndarray:
    """Decodes a picture as BGR (H, W, 3) uint8, upright by its EXIF orientation.

    Args:
        data: The content of a file.
        name: Of the file, for messages.
        max_pixels: More are refused before they are decoded, and so are kinds of files whose size
            Pillow cannot tell.

    Raises:
        LitePoseError: It is empty, broken, no picture, or too large.
    """
    data = np.frombuffer(data, np.uint8)
    if not data.size:
        raise LitePoseError(f'expected a picture, but {name} is empty (0 bytes); copy it again')
    if max_pixels is not None:
        _check_pixels(data, name, max_pixels)
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise LitePoseError(f'cannot decode the picture {name}: {error.err}') from error
    if image is None or not image.size:
        raise _undecodable(name)
    return image


def _check_pixels(data: np.ndarray, name: str, most: int) -> None:
    """A small file can hold a picture that fills the memory."""
    from PIL import Image

    limit = f'expected a picture of at most {most / 1e6:g} million pixels, but {name} has'
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)  # we look ourselves
            with Image.open(io.BytesIO(data.tobytes())) as image:
                width, height = image.size
    except Image.DecompressionBombError as error:
        raise LitePoseError(f'{limit} many more; make it smaller') from error
    except Exception as error:  # whatever its plugins raise
        raise _undecodable(name) from error
    if width * height > most:
        raise LitePoseError(f'{limit} {width}x{height}; make it smaller')


def _undecodable(name: str) -> LitePoseError:
    return LitePoseError(
        f'expected a picture, but {name} is cut short, broken or of another kind; '
        'copy it again or convert it to JPEG or PNG'
    )


class VideoReader:
    """Iterates over the frames of a video file, BGR (H, W, 3) uint8, once.

    After the last frame the iteration raises a LitePoseError where the file is cut short.

    Args:
        path: The file.

    Attributes:
        fps: Frames a second; 25 where the file does not tell.
        frame_count: Number of frames as the file tells it, roughly; 0 where it does not.

    Raises:
        LitePoseError: The file is missing or not a video that OpenCV can decode.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise LitePoseError(f'expected a video, but there is no file {str(path)!r}')
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            raise LitePoseError(
                f'expected a video, but OpenCV cannot open {path}: it is broken or of another '
                'kind; copy it again or convert it to MP4'
            )
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps if math.isfinite(fps) and 0 < fps <= 1000 else _FALLBACK_FPS
        self.frame_count = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))

    def __iter__(self) -> Iterator[np.ndarray]:
        read = 0
        try:
            while True:
                ok, image = self._capture.read()
                if not ok:
                    break
                read += 1
                yield image
        finally:
            self._capture.release()
        if read == 0 or read < _CUT_SHORT * self.frame_count:
            raise LitePoseError(
                f'the video {self.path} ends at frame {read} of about {self.frame_count}; '
                'it is cut short or damaged; copy it again'
            )
