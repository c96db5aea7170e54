"""Draw people's keypoints as Gaussians."""

from __future__ import annotations

import numpy as np


def draw_gaussians(
    size_wh: tuple[int, int],
    centres: np.ndarray,
    sigma: float,
    radius: int,
    heights: np.ndarray,
    shifts: np.ndarray | None = None,
) -> np.ndarray:
    """Draws heatmaps that contain, at every pixel, the maximum over all people's Gaussians.

    Args:
        size_wh: Width and height of the maps.
        centres: The central pixel of each patch, int64 ``(N, K, 2)``.
        sigma: Standard deviation in pixels.
        radius: A patch is ``2 * radius + 1`` pixels wide.
        heights: Peak value of each Gaussian, ``(N, K)``. Only those above 0 are drawn; their
            patches must overlap the map.
        shifts: Position of the keypoint relative to the centre of its pixel, from -0.5 to 0.5 on
            each axis, ``(N, K, 2)``; 0 by default.

    Returns:
        Float32 ``(K, height, width)``.
    """
    width, height = size_wh
    heatmaps = np.zeros((centres.shape[1], height, width), dtype=np.float32)
    drawn = heights > 0
    if not drawn.any():
        return heatmaps
    side = 2 * radius + 1
    patches = np.broadcast_to(
        _patches(sigma, radius, np.zeros((1, 1, 2)) if shifts is None else shifts),
        (*centres.shape[:2], side, side),
    )
    people, keypoints = np.nonzero(drawn)
    for person, keypoint, (x, y) in zip(people, keypoints, centres[drawn].tolist()):
        left, right = max(x - radius, 0), min(x + radius + 1, width)
        top, bottom = max(y - radius, 0), min(y + radius + 1, height)
        area = heatmaps[keypoint, top:bottom, left:right]
        np.maximum(
            area,
            heights[person, keypoint]
            * patches[person, keypoint][
                top - y + radius : bottom - y + radius, left - x + radius : right - x + radius
            ],
            out=area,
        )
    return heatmaps


def _patches(sigma: float, radius: int, shifts: np.ndarray) -> np.ndarray:
    """Returns the Gaussian patch for each shift."""
    offset = np.arange(-radius, radius + 1, dtype=np.float64)
    x, y = (offset - shifts[..., axis, None] for axis in (0, 1))
    squared = y[..., :, None] ** 2 + x[..., None, :] ** 2
    return np.exp(-squared / (2 * sigma**2)).astype(np.float32)
