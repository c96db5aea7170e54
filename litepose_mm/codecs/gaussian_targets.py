"""Drawing people's keypoints as Gaussians."""

from __future__ import annotations

import numpy as np


def draw_gaussians(
    size: tuple[int, int],
    centres: np.ndarray,
    sigmas: np.ndarray,
    radii: np.ndarray,
    heights: np.ndarray,
    shifts: np.ndarray | None = None,
) -> np.ndarray:
    """Heatmaps that hold, at every pixel, the highest Gaussian of all people.

    Args:
        size: Width and height of the maps.
        centres: The pixel in the middle of each patch, int64 ``(N, K, 2)``.
        sigmas: Standard deviations in pixels, ``(N,)``, or ``(1,)`` where all are alike.
        radii: A patch is ``2 * radius + 1`` pixels wide, int, of the form of ``sigmas``.
        heights: Height of each Gaussian, ``(N, K)``; it is drawn where that is above 0, and its
            patch must overlap the map.
        shifts: Where in that pixel the keypoint is, from -0.5 to 0.5 on each axis,
            ``(N, K, 2)``; in its middle by default.

    Returns:
        Float32 ``(K, height, width)``.
    """
    width, height = size
    heatmaps = np.zeros((centres.shape[1], height, width), dtype=np.float32)
    drawn = heights > 0
    if not drawn.any():
        return heatmaps
    reach = int(radii.max())
    patches = np.broadcast_to(
        _patches(sigmas, radii, np.zeros((1, 1, 2)) if shifts is None else shifts),
        (*centres.shape[:2], 2 * reach + 1, 2 * reach + 1),
    )
    people, keypoints = np.nonzero(drawn)
    for person, keypoint, (x, y) in zip(people, keypoints, centres[drawn].tolist()):
        left, right = max(x - reach, 0), min(x + reach + 1, width)
        top, bottom = max(y - reach, 0), min(y + reach + 1, height)
        area = heatmaps[keypoint, top:bottom, left:right]
        np.maximum(
            area,
            heights[person, keypoint]
            * patches[person, keypoint][
                top - y + reach : bottom - y + reach, left - x + reach : right - x + reach
            ],
            out=area,
        )
    return heatmaps


def _patches(sigmas: np.ndarray, radii: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Patches of the largest radius, 0 beyond their own; what is alike is made once."""
    reach = int(radii.max())
    offset = np.arange(-reach, reach + 1, dtype=np.float64)
    x, y = (offset - shifts[..., axis, None] for axis in (0, 1))
    squared = y[..., :, None] ** 2 + x[..., None, :] ** 2
    patches = np.exp(-squared / (2 * sigmas[:, None, None, None] ** 2)).astype(np.float32)
    if len(radii) > 1:
        beyond = np.abs(offset) > radii[:, None]
        np.copyto(patches, 0, where=beyond[:, None, :, None] | beyond[:, None, None, :])
    return patches


def person_extents(keypoints: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """The largest distance between two labelled keypoints of each person.

    It does not change when the picture is rotated, as a box around the person would.

    Args:
        keypoints: Positions ``(N, K, 2)``.
        labelled: Which of them count, bool ``(N, K)``.

    Returns:
        ``(N,)``; 0 with fewer than two labelled keypoints.
    """
    squared = ((keypoints[:, :, None] - keypoints[:, None]) ** 2).sum(-1)
    pairs = labelled[:, :, None] & labelled[:, None]
    return np.sqrt((squared * pairs).max(axis=(1, 2), initial=0))
