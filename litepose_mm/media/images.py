"""Decode images, in the same way for prediction, serving, training and annotation checks.

OpenCV decodes most formats, because it is fastest and converts 16 bits correctly. simplejpeg
decodes JPEG to the same pixels at the same speed, but also reports damage within a file. Pillow
reads headers, because OpenCV's handling of orientation depends on its version, and decodes the
formats that the installed OpenCV lacks.
"""

from __future__ import annotations

import functools
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import simplejpeg
from PIL import Image, ImageOps, features

from ..errors import LitePoseError

HAS_AVIF = 'avif' in features.modules and features.check_module('avif')
_FORMATS = ['JPEG', 'PNG', 'WEBP', 'TIFF', 'GIF', 'BMP', 'PPM', 'JPEG2000']
_FORMATS += ['AVIF'] if HAS_AVIF else []
_ORIENTATION = 0x0112
# Warnings of libjpeg that do not affect the pixels.
_HARMLESS = ('Invalid SOS parameters', 'Warning: unknown JFIF', 'Unknown Adobe color')
_DEEP_MODES = ('I', 'F')  # more than 8 bits, which Pillow would clip instead of scaling

#: For each EXIF orientation, the function that makes an image upright.
UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda image: cv2.flip(image, 1),
    3: lambda image: cv2.rotate(image, cv2.ROTATE_180),
    4: lambda image: cv2.flip(image, 0),
    5: cv2.transpose,
    6: lambda image: cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE),
    7: lambda image: cv2.flip(cv2.transpose(image), -1),
    8: lambda image: cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


class _Header(NamedTuple):
    """The header of a file; ``size`` is the width and height of the upright image."""

    kind: str
    size: tuple[int, int]
    orientation: int
    has_more: bool


def read_image(path: str | Path) -> np.ndarray:
    """Reads an image as BGR (H, W, 3) uint8, upright by its EXIF orientation.

    Raises:
        LitePoseError: The file is missing, empty, damaged, too large or not an image.
    """
    return decode_image(_content(path), str(path))


def decode_image(data: bytes | np.ndarray, name: str, max_pixels: int | None = None) -> np.ndarray:
    """Decodes an image as BGR (H, W, 3) uint8, upright by its EXIF orientation.

    Transparency is ignored. If a file contains several images, such as an animation, the first one
    is read, with a warning. Damage within a file is detected as far as its format allows: always
    in PNG, in JPEG unless only a few bytes are wrong, and not at all in most other formats.

    Args:
        data: The contents of a file.
        name: Name of the file, for messages.
        max_pixels: Larger images are rejected before they are decoded, as are formats whose size
            Pillow cannot read. Images above Pillow's own limit, which is twice
            ``PIL.Image.MAX_IMAGE_PIXELS`` (179 million), are always rejected.

    Raises:
        LitePoseError: The file is empty, damaged, not an image, or too large.
    """
    data = bytes(data)
    if not data:
        raise LitePoseError(f'expected an image, but {name} is empty (0 bytes); copy it again')
    header = _header(data, name, max_pixels)
    if max_pixels is not None:
        if header is None:
            raise _undecodable(name, data)
        width, height = header.size
        if width * height > max_pixels:
            raise _too_large(name, max_pixels, f'{width}x{height}')
    if header is not None and header.has_more:
        warnings.warn(f'{name} contains several images; only the first is read')
    image = _decode_jpeg(data, name) if data.startswith(b'\xff\xd8') else None
    if image is None:
        image = _decode_with_opencv(data, name, any_depth=header is not None)
    if image is None:
        return _decode_with_pillow(data, name)
    if header is None or header.kind == 'TIFF':  # OpenCV always makes TIFF upright
        return image
    return UPRIGHT.get(header.orientation, np.asarray)(image)


def image_size(path: str | Path) -> tuple[int, int]:
    """Returns the width and height of an image that :func:`read_image` would return.

    They are read from the header if possible, without decoding the image.

    Raises:
        LitePoseError: The file is missing, empty, broken, too large or not an image.
    """
    data = _content(path)
    header = _header(data, str(path))
    if header is not None:
        return header.size
    height, width = decode_image(data, str(path)).shape[:2]
    return width, height


def is_image(path: Path) -> bool:
    """Whether a file starts like an image, regardless of its suffix."""
    try:
        with Image.open(path, formats=_FORMATS):
            return True
    except Image.DecompressionBombError:
        return True
    except Exception:  # Pillow's plugins can raise anything
        return False


def _content(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise LitePoseError(f'expected an image, but {str(path)!r} does not exist') from error
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise LitePoseError(f'cannot read the image {path}: {reason}') from error


def _header(data: bytes, name: str, max_pixels: int | None = None) -> _Header | None:
    """Reads the header; returns None if Pillow cannot.

    Raises:
        LitePoseError: The image has more pixels than Pillow allows.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            size = image.size  # already upright for TIFF
            orientation = _orientation(image, data)
            if orientation >= 5 and image.format != 'TIFF':
                size = size[::-1]
            has_more = image.format != 'MPO' and getattr(image, 'is_animated', False)
            return _Header(image.format or '', size, orientation, has_more)
    except Image.DecompressionBombError as error:
        limit = max_pixels or 2 * (Image.MAX_IMAGE_PIXELS or 0)
        raise _too_large(name, limit, 'many more') from error
    except Exception:  # Pillow's plugins can raise anything
        return None


def _orientation(image: Image.Image, data: bytes) -> int:
    # EXIF may follow the pixels of a PNG, so Pillow would decode all of one without EXIF.
    if image.format == 'PNG' and b'eXIf' not in data and b'Raw profile' not in data:
        return 1
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # Pillow's parsers can raise anything; the image may be fine
        return 1


def _decode_jpeg(data: bytes, name: str) -> np.ndarray | None:
    """Decodes a JPEG; returns None if this decoder cannot.

    Raises:
        LitePoseError: The file is truncated or damaged.
    """
    decode = functools.partial(simplejpeg.decode_jpeg, data, colorspace='BGR')
    try:
        return decode()
    except ValueError as error:
        reason = str(error)
    try:
        image = decode(strict=False)  # ignores libjpeg's warnings
    except ValueError:
        return None
    if reason.startswith(_HARMLESS):
        return image
    raise LitePoseError(
        f'the image {name} is truncated or damaged ({reason}); copy it again, or, if an image '
        'viewer displays it correctly, save it again from there'
    )


def _decode_with_opencv(data: bytes, name: str, any_depth: bool) -> np.ndarray | None:
    content = np.frombuffer(data, np.uint8)
    try:
        image = cv2.imdecode(content, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if image is not None and not any_depth:
            depth = cv2.imdecode(content, cv2.IMREAD_UNCHANGED).dtype
            if depth not in (np.uint8, np.uint16):  # OpenCV clips others instead of scaling them
                raise LitePoseError(
                    f'expected 8 or 16 bits per channel, but {name} has {depth}; convert it to '
                    'PNG or JPEG'
                )
    except cv2.error as error:
        raise LitePoseError(f'cannot decode the image {name}: {error.err}') from error
    return image


def _decode_with_pillow(data: bytes, name: str) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith(_DEEP_MODES):
                raise ValueError(upright.mode)
            return np.ascontiguousarray(np.asarray(upright.convert('RGB'))[..., ::-1])
    except Exception as error:  # Pillow's plugins can raise anything
        raise _undecodable(name, data) from error


def _too_large(name: str, most: int, size: str) -> LitePoseError:
    return LitePoseError(
        f'expected an image of at most {most / 1e6:.3g} million pixels, but {name} has {size}; '
        'reduce its size'
    )


def _undecodable(name: str, data: bytes) -> LitePoseError:
    if data[4:8] == b'ftyp' and data[8:12] in (b'heic', b'heix', b'mif1', b'heim', b'heis'):
        return LitePoseError(f'{name} is a HEIC image, which is not supported; convert it to JPEG')
    return LitePoseError(
        f'expected an image, but {name} is truncated, damaged or in another format; '
        'copy it again or convert it to JPEG or PNG'
    )
