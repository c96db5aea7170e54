"""The authors' resize of an image to the network's input. Needs numpy and OpenCV only."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

#: Left, top, right and bottom in pixels of the input.
Box = tuple[float, float, float, float]


class Resized(NamedTuple):
    """A resized image and how to come back.

    Attributes:
        image: The image at the input's size.
        center: The point of the original, in pixels, that lies at the middle of the input.
        zoom: Pixels of the original per pixel of the input.
        box: The part of the input that the image fills, where the black border beyond it does
            not count; None where all of the input does.
    """

    image: np.ndarray
    center: np.ndarray
    zoom: float
    box: Box | None = None

    def to_original(self, positions: np.ndarray) -> np.ndarray:
        """Positions ``(..., 2)`` in pixels of the input as pixels of the original."""
        middle = np.array(self.image.shape[1::-1], dtype=np.float32) / 2
        return (positions - middle) * np.float32(self.zoom) + self.center


def aligned_size(
    size: tuple[int, int],
    short_side: int,
    factor: int = 64,
    scale: float = 1.0,
    min_scale: float = 1.0,
) -> tuple[int, int]:
    """Width and height of the input for an image of ``size``.

    The short side becomes ``short_side`` and the long side as long as the image needs, both
    rounded up to a multiple of ``factor`` at the smallest of all scales and then enlarged to
    ``scale`` (HigherHRNet ``get_multi_scale_size``, whose arithmetic this keeps: a fraction of
    a pixel beyond a multiple does not count).

    Args:
        size: Width and height of the image.
        short_side: Short side of the input at scale 1.
        factor: Both sides are multiples of it at ``min_scale``.
        scale: The scale to give the size for.
        min_scale: The smallest scale of a multi-scale test.
    """

    def align(length: float) -> int:
        return int((length + factor - 1) // factor * factor)

    short = align(min_scale * short_side)
    long = align(short / min(size) * max(size))
    short, long = (int(side * scale / min_scale) for side in (short, long))
    return (short, long) if size[0] < size[1] else (long, short)


def resize_align(image: np.ndarray, size: tuple[int, int]) -> Resized:
    """Warp an image to ``size`` (width, height): centred, one zoom, black beyond its border.

    Args:
        image: ``(H, W, 3)`` or ``(H, W)``, uint8.
        size: Width and height from :func:`aligned_size`.
    """
    height, width = image.shape[:2]
    short = 0 if width < height else 1
    return _warp(image, size, (width, height)[short] / size[short])


def resize_within(image: np.ndarray, size: tuple[int, int]) -> Resized:
    """As :func:`resize_align`, to any ``size``: as large as the whole image fits.

    The border can be half of the input, in which a network sees people too, so it does not count.

    Args:
        image: ``(H, W, 3)`` or ``(H, W)``, uint8.
        size: Width and height, of a network that takes no other.
    """
    height, width = image.shape[:2]
    resized = _warp(image, size, max(width / size[0], height / size[1]))
    start = np.array(size) / 2 - resized.center / resized.zoom
    end = start + np.array((width, height)) / resized.zoom
    return resized._replace(box=(*start.tolist(), *end.tolist()))


def resize_to_shape(
    image: np.ndarray, size: tuple[int, int], short_side: int, factor: int
) -> Resized:
    """An image for a network that takes no other ``size``.

    It is that of :func:`resize_align` where that has this size, so that the network sees what it
    was trained to; else that of :func:`resize_within`.

    Args:
        image: ``(H, W, 3)`` or ``(H, W)``, uint8.
        size: Width and height.
        short_side: As for :func:`aligned_size`.
        factor: As for :func:`aligned_size`.
    """
    if aligned_size(image.shape[1::-1], short_side, factor) == size:
        return resize_align(image, size)
    return resize_within(image, size)


def resize_box(
    image: np.ndarray, box: np.ndarray, size: tuple[int, int], padding: float
) -> Resized:
    """The person in a box, as MMPose's ``GetBBoxCenterScale`` and ``TopdownAffine`` show it.

    Args:
        image: ``(H, W, 3)`` uint8.
        box: Left, top, right and bottom in pixels.
        size: Width and height of the result, into which the box fits.
        padding: How many times the box's width and height are shown.
    """
    box = np.asarray(box, dtype=np.float32)
    zoom = float(np.max((box[2:] - box[:2]) * np.float32(padding) / np.float32(size)))
    return _warp(image, size, zoom, (box[:2] + box[2:]) * np.float32(0.5))


def _warp(
    image: np.ndarray, size: tuple[int, int], zoom: float, center: np.ndarray | None = None
) -> Resized:
    center = image_center(*image.shape[1::-1]) if center is None else center
    matrix = warp_matrix(center, size[0] * zoom, size)
    return Resized(warp_affine(image, matrix, size), center, zoom)


def warp_affine(image: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The warp of OpenCV 4, which the authors trained with: bilinear, black beyond the border.

    ``cv2.warpAffine`` of OpenCV 5 interpolates between other positions, which moves keypoints by
    several pixels. ``cv2.remap`` is the same in both where it is given positions in whole numbers.

    Args:
        image: ``(H, W, 3)`` or ``(H, W)``, uint8, with sides below 32767.
        matrix: ``(2, 3)``, from the image to the output.
        size: Width and height of the output.
    """
    matrix = np.asarray(matrix, np.float64)
    return cv2.remap(image, *_positions(matrix.tobytes(), tuple(size)), cv2.INTER_LINEAR)


@lru_cache(maxsize=2)  # the images of a video or camera have one size
def _positions(matrix: bytes, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Where OpenCV 4 reads each pixel of the output: whole pixels ``(h, w, 2)``, 32nds ``(h, w)``.

    It calculates in units of 1/1024 pixel and then drops what is less than 1/32.
    """
    width, height = size
    inverse = cv2.invertAffineTransform(np.frombuffer(matrix).reshape(2, 3))
    columns = np.rint(inverse[:, :1] * np.arange(width) * 1024).astype(np.int32)
    rows = np.rint((inverse[:, 1:2] * np.arange(height) + inverse[:, 2:]) * 1024).astype(np.int32)
    pixels = np.empty((height, width, 2), np.int16)
    fractions = np.zeros((height, width), np.uint16)
    for top in range(0, height, 32):  # in parts that fit the processor's cache
        part = slice(top, top + 32)
        for axis in range(2):
            positions = (rows[axis, part, None] + 16 + columns[axis]) >> 5
            pixels[part, :, axis] = np.clip(positions >> 5, -(1 << 15), (1 << 15) - 1)
            positions &= 31
            fractions[part] |= (positions << 5 * axis).astype(np.uint16)
    return pixels, fractions


def image_center(width: int, height: int) -> np.ndarray:
    """The middle of an image, rounded half up to a whole pixel as the authors do."""
    return np.array([int(width / 2 + 0.5), int(height / 2 + 0.5)], dtype=np.float32)


def warp_matrix(
    center: np.ndarray, width: float, size: tuple[int, int], rotation: float = 0.0
) -> np.ndarray:
    """The matrix that shows ``width`` pixels around ``center`` at ``size``, turned.

    It is solved from three corresponding points in float32, as the authors do: the last bits of
    the matrix decide the last bit of a few pixels.

    Args:
        center: The point of the image that goes to the middle.
        width: Pixels of the image that fill the width of the output.
        size: Width and height of the output.
        rotation: Degrees.

    Returns:
        Matrix ``(2, 3)`` from the image to the output.
    """
    source = _corner(center, width, np.deg2rad(rotation))
    return cv2.getAffineTransform(source, _corner(np.array(size) * 0.5, size[0], 0.0))


def _corner(center: np.ndarray, width: float, rotation: float) -> np.ndarray:
    """A point, the one half a width above it, and the one half a width left of that; turned."""
    sine, cosine = np.sin(rotation), np.cos(rotation)
    up = np.array([sine, -cosine]) * (width * 0.5)
    left = np.array([up[1], -up[0]])
    return np.array([center, center + up, center + up + left], dtype=np.float32)
