"""Make synthetic maps like those of a trained network, for tests and benchmarks."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..decoding import PartAffinity
from ..decoding.part_affinity import draw_fields, draw_heatmaps


class SyntheticMaps(NamedTuple):
    """Maps of one image and its people.

    Attributes:
        heatmaps: ``(K, H/2, W/2)``, float32.
        tags: ``(L * K, H/4, W/4)``, float32, keypoints fastest.
        keypoints: True positions in pixels of the input, ``(N, K, 2)``.
    """

    heatmaps: np.ndarray
    tags: np.ndarray
    keypoints: np.ndarray


class SyntheticFields(NamedTuple):
    """Maps of one image for part affinity fields, and its people.

    Attributes:
        heatmaps: ``(P + 1, h, w)``, float32.
        fields: ``(2 * L, h, w)``, float32.
        keypoints: True positions in pixels of the input, ``(N, K, 2)``.
    """

    heatmaps: np.ndarray
    fields: np.ndarray
    keypoints: np.ndarray


def synthetic_maps(
    num_people: int,
    shape_hw: tuple[int, int],
    num_keypoints: int = 14,
    tag_dim: int = 1,
    missing: float = 0.1,
    noise: float = 0.01,
    tag_noise: float = 0.05,
    seed: int = 0,
) -> SyntheticMaps:
    """Makes noisy heatmaps with a Gaussian per keypoint, and noisy tags that tell people apart.

    Args:
        num_people: ``N``.
        shape_hw: Height and width of the input, multiples of 4.
        num_keypoints: ``K``.
        tag_dim: ``L``, 2 with a flip test.
        missing: Fraction of keypoints without a peak.
        noise: Standard deviation of the heatmaps' noise.
        tag_noise: Standard deviation of the tags' noise.
        seed: Random seed.
    """
    rng = np.random.default_rng(seed)
    height, width = shape_hw
    tags = np.zeros((tag_dim, num_keypoints, height // 4, width // 4), dtype=np.float32)
    keypoints = _places(rng, num_people, shape_hw, num_keypoints)
    values = rng.uniform(0.3, 1.0, (num_people, num_keypoints))
    values[rng.random(values.shape) < missing] = 0
    person_tags = 2.0 * rng.permutation(num_people)[:, None] + rng.normal(
        0, 0.1, (num_people, tag_dim)
    )
    # Tags around a keypoint are those of the nearest person, and random elsewhere.
    tags += rng.uniform(0, 2.0 * max(num_people, 1), (tag_dim, num_keypoints, 1, 1)).astype(
        np.float32
    )
    heatmaps = gaussian_maps(keypoints / 2 - 0.5, (height // 2, width // 2), 3.0, values)
    y_grid, x_grid = np.ogrid[: height // 4, : width // 4]
    for keypoint in range(num_keypoints if num_people else 0):
        x, y = (keypoints[:, keypoint] / 4 - 0.5).T[..., None, None]
        squared = (y_grid - y) ** 2 + (x_grid - x) ** 2
        near = squared.min(0) < 4.5**2
        tags[:, keypoint, near] = person_tags[squared.argmin(0)[near]].T
    heatmaps += _smooth_noise(rng, heatmaps.shape, noise)
    tags = tags.reshape(-1, *tags.shape[2:])
    tags += _smooth_noise(rng, tags.shape, tag_noise)
    return SyntheticMaps(heatmaps, tags, keypoints.astype(np.float32))


def gaussian_maps(
    positions: np.ndarray,
    shape_hw: tuple[int, int],
    sigma: float,
    values: np.ndarray | None = None,
) -> np.ndarray:
    """Draws a Gaussian for each keypoint of each person; where they overlap, the largest counts.

    Args:
        positions: In pixels of the maps ``(N, K, 2)``.
        shape_hw: Height and width of the maps.
        sigma: Standard deviation in pixels.
        values: Heights of the Gaussians ``(N, K)``; 1 by default.

    Returns:
        Heatmaps ``(K, H, W)``, float32.
    """
    values = np.ones(positions.shape[:2]) if values is None else values
    heatmaps = np.zeros((positions.shape[1], *shape_hw), dtype=np.float32)
    for person, own in zip(positions, values):
        for heatmap, position, value in zip(heatmaps, person, own):
            _stamp(heatmap, position, value, sigma)
    return heatmaps


def synthetic_fields(
    num_people: int,
    shape_hw: tuple[int, int],
    decoder: PartAffinity,
    noise: float = 0.01,
    seed: int = 0,
) -> SyntheticFields:
    """Makes noisy heatmaps and fields for a decoder of part affinity fields.

    Args:
        num_people: ``N``.
        shape_hw: Height and width of the input, multiples of the decoder's stride.
        decoder: Its body and stride are used.
        noise: Standard deviation of the noise.
        seed: Random seed.
    """
    rng = np.random.default_rng(seed)
    body, stride = decoder.rules.body, decoder.stride
    keypoints = _places(rng, num_people, shape_hw, body.num_keypoints)
    parts, heights = body.part_positions(keypoints, np.ones(keypoints.shape[:2]))
    parts, size_wh = (parts + 0.5) / stride - 0.5, (shape_hw[1] // stride, shape_hw[0] // stride)
    heatmaps = draw_heatmaps(parts, heights, size_wh, 1.0)
    fields = draw_fields(body, parts, heights, size_wh, 1.0)
    heatmaps += _smooth_noise(rng, heatmaps.shape, noise)
    fields += _smooth_noise(rng, fields.shape, noise)
    return SyntheticFields(heatmaps, fields, keypoints.astype(np.float32))


def _places(
    rng: np.random.Generator, num_people: int, shape_hw: tuple[int, int], num_keypoints: int
) -> np.ndarray:
    """Draws positions ``(N, K, 2)`` of people, each of whom fills a random cell of a grid."""
    height, width = shape_hw
    columns = int(np.ceil(np.sqrt(max(num_people, 1) * width / height)))
    rows = int(np.ceil(max(num_people, 1) / columns))
    cell = np.array([width / columns, height / rows])
    place = rng.permutation(columns * rows)[:num_people, None, None]
    centre = (np.concatenate([place % columns, place // columns], axis=-1) + 0.5) * cell
    spread = rng.uniform(0.3, 0.5, (num_people, 1, 1)) * cell
    keypoints = centre + spread * rng.uniform(-1, 1, (num_people, num_keypoints, 2))
    return np.clip(keypoints, 4, np.array([width, height]) - 5)


def _smooth_noise(rng: np.random.Generator, shape: tuple[int, ...], deviation: float):
    """Makes noise that varies over a few pixels, like a network's."""
    noise = rng.normal(size=shape).astype(np.float32)
    for channel in noise:
        cv2.GaussianBlur(channel, (0, 0), 1.5, dst=channel)
    return noise * np.float32(deviation / max(noise.std(), 1e-6))


def _stamp(heatmap: np.ndarray, position: np.ndarray, value: float, sigma: float) -> None:
    """Draws a Gaussian wherever it is higher than the heatmap."""
    x, y = position
    radius = int(4 * sigma)
    top, left = max(int(y) - radius, 0), max(int(x) - radius, 0)
    area = heatmap[top : int(y) + radius + 1, left : int(x) + radius + 1]
    rows, columns = np.ogrid[top : top + area.shape[0], left : left + area.shape[1]]
    np.maximum(
        area, value * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sigma**2)), out=area
    )
