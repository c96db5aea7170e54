"""Resize images to the network's input as the authors do. Needs numpy and OpenCV only."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

#: Left, top, right and bottom in pixels of the input.
Box = tuple[float, float, float, float]


class Resized(NamedTuple):
    """A resized image with the parameters of the inverse mapping.

    Attributes:
        image: The image at the input's size.
        center: The point of the original, in pixels, that lies at the centre of the input.
        zoom: Pixels of the original per pixel of the input.
        box: The part of the input that the image covers, if the black border around it is to be
            ignored; None if the whole input counts.
    """

    image: np.ndarray
    center: np.ndarray
    zoom: float
    box: Box | None = None

    def to_original(self, positions: np.ndarray) -> np.ndarray:
        """Maps positions ``(..., 2)`` from pixels of the input to pixels of the original."""
        middle = np.array(self.image.shape[1::-1], dtype=np.float32) / 2
        return (positions - middle) * np.float32(self.zoom) + self.center


def aligned_size(
    size_wh: tuple[int, int],
    short_side: int,
    factor: int = 64,
    scale: float = 1.0,
    min_scale: float = 1.0,
) -> tuple[int, int]:
    """Returns the width and height of the input for an image.

    The short side becomes ``short_side``, and the long side keeps the aspect ratio. Both are
    rounded up to a multiple of ``factor`` at the smallest scale and then enlarged to ``scale``
    (HigherHRNet ``get_multi_scale_size``; as there, a fraction of a pixel beyond a multiple is
    ignored).

    Args:
        size_wh: Width and height of the image.
        short_side: Short side of the input at scale 1.
        factor: Both sides are multiples of it at ``min_scale``.
        scale: The scale for which the size is computed.
        min_scale: The smallest scale of a multi-scale test.
    """

    def align(length: float) -> int:
        return int((length + factor - 1) // factor * factor)

    short = align(min_scale * short_side)
    long = align(short / min(size_wh) * max(size_wh))
    short, long = (int(side * scale / min_scale) for side in (short, long))
    return (short, long) if size_wh[0] < size_wh[1] else (long, short)


def resize_align(image: np.ndarray, size_wh: tuple[int, int]) -> Resized:
    """Warps an image to the input: centred, with its aspect ratio and a black border.

    Args:
        image: ``(H, W, 3)`` or ``(H, W)``, uint8.
        size_wh: Width and height from :func:`aligned_size`.
    """
    height, width = image.shape[:2]
    short = 0 if width < height else 1
    return _warp(image, size_wh, (width, height)[short] / size_wh[short])


def resize_within(image: np.ndarray, size_wh: tuple[int, int]) -> Resized:
    """Scales an image to fit into an input of any size, like :func:`resize_align`.

    The black border can be half of the input. Networks detect people there too, so the result's
    ``box`` excludes it.

    Args:
        image: ``(H, W, 3)`` or ``(H, W)``, uint8.
        size_wh: Width and height of the network's input.
    """
    height, width = image.shape[:2]
    resized = _warp(image, size_wh, max(width / size_wh[0], height / size_wh[1]))
    start = np.array(size_wh) / 2 - resized.center / resized.zoom
    end = start + np.array((width, height)) / resized.zoom
    return resized._replace(box=(*start.tolist(), *end.tolist()))


def resize_to_shape(
    image: np.ndarray, size_wh: tuple[int, int], short_side: int, factor: int
) -> Resized:
    """Resizes an image for a network with a fixed input size.

    Uses :func:`resize_align` if its result has this size, so that the network sees what it was
    trained on, and :func:`resize_within` otherwise.

    Args:
        image: ``(H, W, 3)`` or ``(H, W)``, uint8.
        size_wh: Width and height of the input.
        short_side: See :func:`aligned_size`.
        factor: See :func:`aligned_size`.
    """
    if aligned_size((image.shape[1], image.shape[0]), short_side, factor) == size_wh:
        return resize_align(image, size_wh)
    return resize_within(image, size_wh)


def resize_box(
    image: np.ndarray,
    box: np.ndarray,
    size_wh: tuple[int, int],
    padding: float,
    udp: bool = False,
) -> Resized:
    """Crops a person's box, as MMPose's ``GetBBoxCenterScale`` and ``TopdownAffine`` do.

    Args:
        image: ``(H, W, 3)`` uint8.
        box: Left, top, right and bottom in pixels.
        size_wh: Width and height of the result, into which the box fits.
        padding: Factor by which the box is enlarged.
        udp: Whether the borders of the box become the centres of the result's outermost pixels, as
            networks of UDP (Huang et al., CVPR 2020) expect.
    """
    box = np.asarray(box, dtype=np.float32)
    size = np.array(size_wh, dtype=np.float32)
    zoom = float(np.max((box[2:] - box[:2]) * np.float32(padding) / size))
    center = (box[:2] + box[2:]) * np.float32(0.5)
    if not udp:
        return _warp(image, size_wh, zoom, center)
    scale = (size - 1) / (size * np.float32(zoom))
    start = center - size * np.float32(zoom / 2)
    matrix = np.column_stack([np.diag(scale), -scale * start])
    return Resized(warp_affine(image, matrix, size_wh), center, zoom)


def resize_pad(
    image: np.ndarray,
    scale: float,
    size_wh: tuple[int, int],
    border: int = 128,
) -> Resized:
    """Scales an image with half-pixel centres and centres it, as Lightweight OpenPose's demo does.

    Positions are mapped back without half pixels, as in that demo: pixel 0 to pixel 0.

    Args:
        image: ``(H, W, 3)`` uint8.
        scale: Pixels of the result per pixel of the image. Scaled sides are rounded half to even.
        size_wh: Width and height of the result, into which the scaled image fits.
        border: Grey level of the border, of which the smaller half is on the left and the top.
    """
    scaled = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    height, width = scaled.shape[:2]
    left, top = (size_wh[0] - width) // 2, (size_wh[1] - height) // 2
    result = np.full((size_wh[1], size_wh[0], 3), border, dtype=np.uint8)
    result[top : top + height, left : left + width] = scaled
    center = (np.array(size_wh) / 2 - (left, top)) / scale
    box = (left, top, left + width, top + height)
    return Resized(result, center.astype(np.float32), 1 / scale, box)


def _warp(
    image: np.ndarray, size_wh: tuple[int, int], zoom: float, center: np.ndarray | None = None
) -> Resized:
    center = image_center(*image.shape[1::-1]) if center is None else center
    matrix = warp_matrix(center, size_wh[0] * zoom, size_wh)
    return Resized(warp_affine(image, matrix, size_wh), center, zoom)


def warp_affine(
    image: np.ndarray, matrix: np.ndarray, size_wh: tuple[int, int], border: int = 0
) -> np.ndarray:
    """Warps an image as OpenCV 4 does, with which the authors trained: bilinear.

    ``cv2.warpAffine`` of OpenCV 5 interpolates at different positions, which moves keypoints by
    several pixels. ``cv2.remap`` gives the same result in both versions for fixed-point positions.

    Args:
        image: ``(H, W, 3)`` or ``(H, W)``, uint8, with sides below 32767.
        matrix: ``(2, 3)``, from the image to the output.
        size_wh: Width and height of the output.
        border: Grey level of what lies outside the image.
    """
    matrix = np.asarray(matrix, np.float64)
    width, height = size_wh
    positions = _positions(matrix.tobytes(), (width, height))
    return cv2.remap(image, *positions, cv2.INTER_LINEAR, borderValue=(border,) * 3)


@lru_cache(maxsize=2)  # all images of a video or camera have the same size
def _positions(matrix: bytes, size_wh: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Returns where OpenCV 4 reads each output pixel: pixels ``(h, w, 2)`` and 32nds ``(h, w)``.

    OpenCV computes in units of 1/1024 pixel and then truncates to 1/32.
    """
    width, height = size_wh
    inverse = cv2.invertAffineTransform(np.frombuffer(matrix).reshape(2, 3))
    columns = np.rint(inverse[:, :1] * np.arange(width) * 1024).astype(np.int32)
    rows = np.rint((inverse[:, 1:2] * np.arange(height) + inverse[:, 2:]) * 1024).astype(np.int32)
    # Without rotation, one row or one column of positions is computed instead of all.
    across = [_once_if_constant(each) for each in columns]
    pixels = np.empty((height, width, 2), np.int16)
    fractions = np.empty((height, width), np.uint16)
    for top in range(0, height, 32):  # in parts that fit into the CPU's cache
        part = slice(top, top + 32)
        down = [_once_if_constant(each[part])[:, None] for each in rows]
        x, y = ((one + 16 + other) >> 5 for one, other in zip(down, across))
        for axis, positions in enumerate((x, y)):
            pixels[part, :, axis] = np.clip(positions >> 5, -(1 << 15), (1 << 15) - 1)
        lower, upper = (x & 31).astype(np.uint16), ((y & 31) << 5).astype(np.uint16)
        np.bitwise_or(lower, upper, out=fractions[part])
    return pixels, fractions


def _once_if_constant(values: np.ndarray) -> np.ndarray:
    return values if np.ptp(values) else values[:1]


def image_center(width: int, height: int) -> np.ndarray:
    """Returns the centre of an image, rounded half up to a whole pixel as the authors do."""
    return np.array([int(width / 2 + 0.5), int(height / 2 + 0.5)], dtype=np.float32)


def warp_matrix(
    center: np.ndarray, width: float, size_wh: tuple[int, int], rotation: float = 0.0
) -> np.ndarray:
    """Returns the matrix that maps ``width`` pixels around ``center`` to the output, rotated.

    It is solved from three corresponding points in float32, as the authors do: the last bits of
    the matrix decide the last bit of a few pixels.

    Args:
        center: The point of the image that is mapped to the centre of the output.
        width: Pixels of the image that fill the width of the output.
        size_wh: Width and height of the output.
        rotation: Degrees.

    Returns:
        Matrix ``(2, 3)`` from the image to the output.
    """
    source = _corner(center, width, np.deg2rad(rotation))
    return cv2.getAffineTransform(source, _corner(np.array(size_wh) * 0.5, size_wh[0], 0.0))


def _corner(center: np.ndarray, width: float, rotation: float) -> np.ndarray:
    """Returns a point, the point half a width above it, and one half a width left of that."""
    sine, cosine = np.sin(rotation), np.cos(rotation)
    up = np.array([sine, -cosine]) * (width * 0.5)
    left = np.array([up[1], -up[0]])
    return np.array([center, center + up, center + up + left], dtype=np.float32)
