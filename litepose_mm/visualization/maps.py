"""Draw heatmaps and tags on an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from .draw import keypoint_colors

if TYPE_CHECKING:
    from ..structures import Skeleton

_DIMMED = 0.3  # brightness to which the image is reduced, so that maps stand out
_HIGH = 0.1  # the decoder ignores lower values of a heatmap
_SPREAD = (2, 98)  # percentiles of tags that get the first and the last colour


def draw_heatmaps(image: np.ndarray, heatmaps: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Draws the highest heatmap at each pixel, in the colour of its keypoint's limbs.

    Args:
        image: BGR (H, W, 3) uint8.
        heatmaps: Heatmaps of the whole image at any resolution, (K, h, w); 1 is drawn brightest.
        skeleton: The K keypoints.

    Returns:
        The drawing over the darkened gray image, BGR (H, W, 3) uint8.
    """
    maps = _resized(heatmaps, image)
    strongest = maps.argmax(axis=2)
    light = maps.max(axis=2).clip(0, 1)[..., None]
    colors = keypoint_colors(skeleton)[strongest][..., ::-1]
    return (dimmed(image) * (1 - light) + colors * light).round().astype(np.uint8)


def draw_tags(
    image: np.ndarray, tags: np.ndarray, heatmaps: np.ndarray
) -> tuple[np.ndarray, tuple[float, float] | None]:
    """Draws, at each pixel, the tag of the keypoint whose heatmap is highest there.

    Ideally, all keypoints of a person have one colour that differs from other people's. Tags are
    meaningless, and not drawn, where no heatmap reaches 0.1.

    Args:
        image: BGR (H, W, 3) uint8.
        tags: (L * K, h', w'), keypoints fastest; the first K are drawn.
        heatmaps: (K, h, w).

    Returns:
        The drawing, BGR (H, W, 3) uint8, and the tags that are drawn in blue and in red, the ends
        of the colour map; None if no tag is drawn.
    """
    maps = _resized(heatmaps, image)
    strongest = maps.argmax(axis=2)[..., None]
    tag = np.take_along_axis(_resized(tags[: len(heatmaps)], image), strongest, axis=2)[..., 0]
    drawing = dimmed(image).round().astype(np.uint8)
    high = maps.max(axis=2) >= _HIGH
    if not high.any():
        return drawing, None
    low, top = np.percentile(tag[high], _SPREAD)
    levels = (tag - low) / max(top - low, 1e-6) * 255
    colors = cv2.applyColorMap(levels.clip(0, 255).round().astype(np.uint8), cv2.COLORMAP_TURBO)
    drawing[high] = colors[high]
    return drawing, (float(low), float(top))


def _resized(maps: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Interpolates maps (K, h, w) to the image's size, (H, W, K)."""
    maps = np.ascontiguousarray(maps.transpose(1, 2, 0), dtype=np.float32)
    resized = cv2.resize(maps, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return resized.reshape(*image.shape[:2], -1)  # OpenCV drops the axis if K is 1


def dimmed(image: np.ndarray) -> np.ndarray:
    """Returns the image darkened and in gray, as floats."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return np.repeat(_DIMMED * gray[..., None], 3, axis=2)
