"""Outlines of simple solids in an image, many at a time."""

from __future__ import annotations

import cv2
import numpy as np

_CAP = 9  # corners of each end of a capsule
_ROUND = np.linspace(0, 2 * np.pi, 20, endpoint=False)
_CIRCLE = np.stack([np.cos(_ROUND), np.sin(_ROUND)], axis=1)


def capsules(
    starts: np.ndarray, ends: np.ndarray, start_radii: np.ndarray, end_radii: np.ndarray
) -> np.ndarray:
    """Return the outlines ``(N, 18, 2)`` of N pairs of circles with their common tangents.

    Args:
        starts: Centres ``(N, 2)``.
        ends: Centres ``(N, 2)``.
        start_radii: ``(N,)``.
        end_radii: ``(N,)``.
    """
    along = ends - starts
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-6)
    direction = np.arctan2(along[:, 1], along[:, 0])
    lean = np.arccos(np.clip((start_radii - end_radii) / length, -1, 1))
    steps = np.linspace(0, 1, _CAP)
    first = direction + lean
    angles = np.concatenate(
        [
            first[:, None] + steps * (2 * np.pi - 2 * lean)[:, None],
            (direction - lean)[:, None] + steps * (2 * lean)[:, None],
        ],
        axis=1,
    )
    centres = np.repeat(np.stack([starts, ends], axis=1), _CAP, axis=1)
    radii = np.repeat(np.stack([start_radii, end_radii], axis=1), _CAP, axis=1)
    return centres + radii[..., None] * np.stack([np.cos(angles), np.sin(angles)], axis=2)


def ellipsoid(centre: np.ndarray, frame: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Return the outline ``(20, 2)`` of an ellipsoid.

    Args:
        centre: ``(3,)`` in pixels.
        frame: Rotation ``(3, 3)`` of its axes.
        axes: Half axes ``(3,)`` in pixels.
    """
    spread = frame[:2] * axes
    return centre[:2] + _CIRCLE @ np.linalg.cholesky(spread @ spread.T + 1e-9 * np.eye(2)).T


def circle(centre: np.ndarray, radius: float) -> np.ndarray:
    """Return the outline ``(20, 2)`` of a circle."""
    return centre[:2] + radius * _CIRCLE


def hull(points: np.ndarray) -> np.ndarray:
    """Return the convex hull ``(M, 2)`` of points ``(N, 2)``."""
    return cv2.convexHull(points.astype(np.float32)).reshape(-1, 2)
