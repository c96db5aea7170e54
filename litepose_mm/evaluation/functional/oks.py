"""How alike poses are: object keypoint similarity, in numpy only."""

from __future__ import annotations

import numpy as np


def box_areas(keypoints: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Areas (N,) of the boxes around people's seen keypoints, at least 1.

    Args:
        keypoints: (N, K, 2) positions.
        seen: (N, K) which of them count.
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
    """COCO's object keypoint similarity of every two people.

    Args:
        one: (N, K, 2) positions.
        one_seen: (N, K) which of them count.
        other: (M, K, 2) positions.
        other_seen: (M, K) which of them count.
        sigmas: (K,) tolerances, as a share of a person's size.
        areas: (N,) squared sizes of the first people.

    Returns:
        (N, M), 0 to 1: mean over the keypoints that both show, 0 where there is none.
    """
    alike = similarity_of_each(one, other, sigmas, areas)
    both = one_seen[:, None] & other_seen[None]
    return (alike * both).sum(-1) / np.maximum(both.sum(-1), 1)


def similarity_of_each(
    one: np.ndarray, other: np.ndarray, sigmas: np.ndarray, areas: np.ndarray
) -> np.ndarray:
    """COCO's similarity (N, M, K) of each keypoint of every two people, 0 to 1.

    Args:
        one: (N, K, 2) positions.
        other: (M, K, 2) positions.
        sigmas: (K,) tolerances, as a share of a person's size.
        areas: (N,) squared sizes of the first people.
    """
    apart = ((one[:, None] - other[None]) ** 2).sum(-1)
    return np.exp(-apart / (2 * areas[:, None, None] * (2 * sigmas) ** 2))
