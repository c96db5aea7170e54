"""Object keypoint similarity (OKS)."""

from __future__ import annotations

import numpy as np


def box_areas(keypoints: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the areas (N,) of the boxes around people's seen keypoints, at least 1.

    Args:
        keypoints: (N, K, 2) positions.
        seen: (N, K) whether each keypoint counts.
    """
    low = np.where(seen[..., None], keypoints, np.inf).min(axis=1)
    high = np.where(seen[..., None], keypoints, -np.inf).max(axis=1)
    return np.maximum((high - low).clip(min=0).prod(axis=1), 1)


def keypoint_similarity(
    one: np.ndarray,
    one_seen: np.ndarray,
    other: np.ndarray,
    other_seen: np.ndarray,
    sigmas: np.ndarray,
    areas: np.ndarray,
) -> np.ndarray:
    """Compute COCO's object keypoint similarity of all pairs of people.

    Args:
        one: (N, K, 2) positions.
        one_seen: (N, K) whether each keypoint counts.
        other: (M, K, 2) positions.
        other_seen: (M, K) whether each keypoint counts.
        sigmas: (K,) tolerances, as a share of a person's size.
        areas: (N,) squared sizes of the first people.

    Returns:
        (N, M), 0 to 1: mean over the keypoints that both people have, 0 if there are none.
    """
    alike = similarity_of_each(one, other, sigmas, areas)
    both = one_seen[:, None] & other_seen[None]
    return (alike * both).sum(-1) / np.maximum(both.sum(-1), 1)


def similarity_of_each(
    one: np.ndarray, other: np.ndarray, sigmas: np.ndarray, areas: np.ndarray
) -> np.ndarray:
    """Compute COCO's similarity (N, M, K) of each keypoint for all pairs of people, 0 to 1.

    Args:
        one: (N, K, 2) positions.
        other: (M, K, 2) positions.
        sigmas: (K,) tolerances, as a share of a person's size.
        areas: (N,) squared sizes of the first people.
    """
    apart = ((one[:, None] - other[None]) ** 2).sum(-1)
    return np.exp(-apart / (2 * areas[:, None, None] * (2 * sigmas) ** 2))
