"""Draw people as skeletons on an image."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ..errors import LitePoseError
from .colors import person_color

if TYPE_CHECKING:
    from ..structures import PoseResult, Skeleton

COLOR_SCHEMES = ('link', 'person')

_OUTLINE = (24, 24, 24)
_SUBPIXEL_BITS = 4  # OpenCV draws at 1/16 pixel
_CIRCLE = np.stack([np.cos(np.arange(24) * np.pi / 12), np.sin(np.arange(24) * np.pi / 12)], axis=1)
_LIMB_SHARE = 0.018  # width of a limb as a fraction of the person's size
_LIMB_WIDTHS = (0.003, 0.012)  # narrowest and widest limb as fractions of the image's size
_CROWDED_SHARE = 0.03  # with relatively wider limbs, keypoints would hide them and are not drawn


def draw_skeletons(
    image: np.ndarray,
    result: PoseResult,
    *,
    keypoint_threshold: float = 0.2,
    color_by: str = 'link',
    opacity: float = 0.85,
    line_width: float | None = None,
) -> np.ndarray:
    """Draws people as skeletons, those with the highest scores on top.

    The width of lines depends on the size of the image and of each person. A limb is drawn if both
    of its keypoints are.

    Args:
        image: uint8 image of ``result.image_size``: BGR (H, W, 3), BGRA (H, W, 4) or gray (H, W).
            It is not modified.
        result: The people.
        keypoint_threshold: Keypoints with a lower score are not drawn, nor are missing ones.
        color_by: ``'link'``: the skeleton's own colours, which tell left from right; ``'person'``:
            one colour per person, chosen by id if people have ids.
        opacity: From 0 (invisible) to 1 (opaque).
        line_width: Width of limbs in pixels; by default, it depends on the sizes.

    Returns:
        The drawing, BGR (H, W, 3) uint8.

    Raises:
        LitePoseError: The image is not one of those above or an option is out of range.
    """
    if color_by not in COLOR_SCHEMES:
        raise LitePoseError(f'color_by: expected one of {COLOR_SCHEMES}, got {color_by!r}')
    if not 0 <= opacity <= 1:
        raise LitePoseError(f'opacity: expected a number from 0 to 1, got {opacity!r}')
    if line_width is not None and not line_width > 0:
        raise LitePoseError(f'line_width: expected a positive number of pixels, got {line_width!r}')
    canvas = _to_bgr(image)
    height, width = canvas.shape[:2]
    if (width, height) != result.image_size:
        raise LitePoseError(
            f'expected the image on which the people were found, {result.image_size[0]}x'
            f'{result.image_size[1]}, got one of {width}x{height}; resize it first'
        )

    layer = canvas.copy()
    for index in np.argsort(result.scores, kind='stable'):
        number = int(index if result.ids is None else result.ids[index])
        color = None if color_by == 'link' else person_color(number)
        _draw_person(layer, result, int(index), keypoint_threshold, color, line_width)
    return cv2.addWeighted(layer, opacity, canvas, 1 - opacity, 0)


def draw_resized(image: np.ndarray, result: PoseResult, **options: Any) -> np.ndarray:
    """Draws like :func:`draw_skeletons`, on a resized version of the image."""
    size_wh = image.shape[1], image.shape[0]
    keypoints = result.keypoints * np.divide(size_wh, result.image_size)
    resized = replace(result, keypoints=keypoints, image_size=size_wh)
    return draw_skeletons(image, resized, **options)


def _draw_person(
    layer: np.ndarray,
    result: PoseResult,
    index: int,
    threshold: float,
    color: tuple[int, int, int] | None,
    line_width: float | None,
) -> None:
    skeleton, points = result.skeleton, result.keypoints[index]
    visible = result.found(threshold)[index] & _near(points, layer.shape)
    if not visible.any():
        return
    size = float(np.hypot(*np.ptp(points[visible], axis=0)))
    limb = line_width or _limb_width(size, layer.shape)
    outline = limb + max(1.2, 0.35 * limb)
    links = [i for i, (start, end) in enumerate(skeleton.links) if visible[start] and visible[end]]

    for link in links:
        start, end = skeleton.links[link]
        _line(layer, points[start], points[end], _OUTLINE, outline)
    for link in links:
        start, end = skeleton.links[link]
        _line(layer, points[start], points[end], color or skeleton.link_colors[link], limb)

    if links and limb > _CROWDED_SHARE * size:
        return
    colors = keypoint_colors(skeleton) if color is None else np.full((len(points), 3), color)
    colors = colors + 0.55 * (255 - colors)  # lighter than the limbs, so that keypoints stand out
    for keypoint in np.flatnonzero(visible):
        _dot(layer, points[keypoint], _OUTLINE, 0.5 * outline + 0.35 * limb)
        _dot(layer, points[keypoint], colors[keypoint], 0.85 * limb)


def keypoint_colors(skeleton: Skeleton) -> np.ndarray:
    """Returns RGB (K, 3), 0-255: for each keypoint, the mean colour of the limbs that meet there.

    The skeleton's keypoint colours are only used for keypoints without limbs, because in some data
    sets they contradict the limbs' colours about left and right.
    """
    colors = skeleton.keypoint_colors.astype(np.float64)
    for keypoint in range(skeleton.num_keypoints):
        limbs = [i for i, link in enumerate(skeleton.links) if keypoint in link]
        if limbs:
            colors[keypoint] = skeleton.link_colors[limbs].mean(axis=0)
    return colors


def _limb_width(person: float, shape: tuple[int, ...]) -> float:
    canvas = float(np.sqrt(shape[0] * shape[1]))
    narrow, wide = (max(1.0, share * canvas) for share in _LIMB_WIDTHS)
    return float(np.clip(_LIMB_SHARE * person, narrow, wide))


def _near(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Returns a mask of points that are close enough for OpenCV's 32-bit coordinates."""
    size = np.array([shape[1], shape[0]])
    return ((points > -2 * size) & (points < 3 * size)).all(axis=1)


def _line(layer: np.ndarray, start, end, color, width: float) -> None:
    cv2.line(
        layer,
        _fixed_point(start),
        _fixed_point(end),
        _bgr(color),
        max(1, round(width)),
        cv2.LINE_AA,
        _SUBPIXEL_BITS,
    )


def _dot(layer: np.ndarray, center, color, radius: float) -> None:
    # A polygon, because OpenCV draws circles of a few pixels as diamonds.
    outline = (center + radius * _CIRCLE) * (1 << _SUBPIXEL_BITS)
    cv2.fillConvexPoly(
        layer, outline.round().astype(np.int32), _bgr(color), cv2.LINE_AA, _SUBPIXEL_BITS
    )


def _fixed_point(point) -> tuple[int, int]:
    x, y = (round(float(value) * (1 << _SUBPIXEL_BITS)) for value in point)
    return x, y


def _bgr(color) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in color)
    return blue, green, red


def _to_bgr(image: np.ndarray) -> np.ndarray:
    is_image = isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.size > 0
    if is_image and image.ndim == 3 and image.shape[2] == 1:
        image = image[..., 0]
    if is_image and image.ndim == 2:
        return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_GRAY2BGR)
    if is_image and image.ndim == 3 and image.shape[2] in (3, 4):
        return np.ascontiguousarray(image[..., :3])
    got = f'{image.dtype} {image.shape}' if isinstance(image, np.ndarray) else type(image).__name__
    raise LitePoseError(f'expected a uint8 image, BGR (H, W, 3), BGRA or gray, got {got}')
