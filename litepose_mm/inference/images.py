"""Check the images that callers pass, and turn errors about them into single lines."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import cv2
import numpy as np

from ..errors import LitePoseError
from ..media import read_image

Image = str | os.PathLike | np.ndarray

_BYTES = (bytes, bytearray, memoryview)

# The short side of every image is resized to a fixed length, so a very narrow image would become a
# huge input.
_MAX_ASPECT_RATIO = 20

# How torch and the engines report a lack of memory, in exceptions of general types.
_OUT_OF_MEMORY = (
    'out of memory',
    'not enough memory',
    "can't allocate memory",
    'failed to allocate memory',
    'bad_alloc',
    'bad allocation',
)

# Inputs are multiples of 64 pixels; no machine has the memory for much more than the upper limit.
_MIN_SHORT_SIDE, _MAX_SHORT_SIDE = 64, 4096


def check_positive(name: str, value: int) -> int:
    """Returns a positive whole number.

    Raises:
        LitePoseError: The value is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise LitePoseError(f'{name}: expected a positive integer, got {value!r}')
    return value


def check_short_side(value: int) -> None:
    """Checks the short side of a network's input in pixels.

    Raises:
        LitePoseError: The value is not a whole number between the limits.
    """
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not _MIN_SHORT_SIDE <= value <= _MAX_SHORT_SIDE:
        raise LitePoseError(
            f'short_side: expected a whole number of pixels from {_MIN_SHORT_SIDE} to '
            f'{_MAX_SHORT_SIDE}, got {value!r}'
        )


def checked_image(image: Image) -> np.ndarray:
    """Returns an image as BGR (H, W, 3) uint8, and reads it first if it is a path.

    Raises:
        LitePoseError: The image is neither a path nor an array, cannot be read, is not BGR uint8,
            or has an aspect ratio above 20.
    """
    if isinstance(image, (str, os.PathLike)):
        image = read_image(os.fsdecode(image))
    elif not isinstance(image, np.ndarray):
        raise LitePoseError(
            'expected an image as a path or a BGR (H, W, 3) uint8 array, or a list of these, got '
            f'{type(image).__name__}; {_remedy(image)}'
        )
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise LitePoseError(
            f'expected an image as BGR (H, W, 3) uint8, got {image.dtype} {image.shape}; '
            'convert it, e.g. with cv2.cvtColor'
        )
    short, long = sorted(image.shape[:2])
    if long > _MAX_ASPECT_RATIO * short:
        raise LitePoseError(
            f'expected an image whose long side is at most {_MAX_ASPECT_RATIO} times the short '
            f'one, got {image.shape[1]}x{image.shape[0]}; cut it into pieces'
        )
    return image


def is_list(images: object) -> bool:
    """Whether the argument is a list of images rather than a single image or another iterable."""
    return (
        isinstance(images, Iterable)
        and not isinstance(images, (str, np.ndarray, Mapping, *_BYTES))
        and getattr(images, 'ndim', 1) == 1  # a tensor
        and not hasattr(images, 'read')  # an open file
    )


def _remedy(thing: object) -> str:
    """Suggests how to convert something that is neither a path nor an array."""
    if thing is None:
        return 'cv2.imread returns None for a file that it cannot read'
    if isinstance(thing, _BYTES):
        return "decode it: litepose_mm.media.decode_image(data, 'its name')"
    if hasattr(thing, 'read'):
        return 'pass the path of the file'
    if hasattr(thing, '__array_interface__'):
        return "convert a PIL image: numpy.asarray(image.convert('RGB'))[..., ::-1]"
    if hasattr(thing, '__array__'):
        return 'convert a tensor (3, H, W): numpy.asarray(tensor).transpose(1, 2, 0)'
    return 'pass what cv2.imread returns'


def inputs_text(count: int, width: int, height: int) -> str:
    """Describes a batch in a message."""
    return f'{count} input{"s" if count > 1 else ""} of {width}x{height}'


@contextmanager
def one_line_errors(what: str) -> Iterator[None]:
    """Turns errors of memory, of OpenCV and of CUDA in a forked process into a LitePoseError."""
    try:
        yield
    except LitePoseError:
        raise
    except Exception as error:
        text = str(error).lower()
        no_memory = (
            isinstance(error, MemoryError) or getattr(error, 'code', 0) == cv2.Error.StsNoMem
        )
        if no_memory or any(message in text for message in _OUT_OF_MEMORY):
            raise LitePoseError(
                f'there is not enough memory for {what}; use a smaller short_side or batch_size'
            ) from error
        if 'in forked subprocess' in text:
            raise LitePoseError(
                'CUDA cannot be used in a forked process: start processes with '
                "multiprocessing.get_context('spawn')"
            ) from error
        if isinstance(error, cv2.error):
            raise LitePoseError(f'OpenCV cannot process {what}: {error.err}') from error
        raise
