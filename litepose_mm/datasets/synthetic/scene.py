"""Make scenes: an image and its ground truth."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from .figure import Figure, draw_figure, sample_figure
from .options import SceneOptions

_LAYOUT, _PAINT = 0, 1  # separate random streams, so that the truth does not depend on painting
OUTSIDE, OCCLUDED, VISIBLE = 0, 1, 2
_SOLID = dict.fromkeys(('shirt', 'trousers', 'shoes', 'hair', 'skin'), 1)


class PersonTruth(NamedTuple):
    """A person in an image.

    Attributes:
        keypoints: All canonical keypoints ``(C, 2)`` in pixels, including those outside.
        flags: ``(C,)``: 0 outside the image, 1 hidden, 2 visible.
        bbox: Left, top, width and height of the part inside the image, hidden or not.
        area: Number of the person's pixels inside the image, hidden or not.
        visible_area: Number of visible pixels.
        mask: Visible pixels, bool ``(height, width)``.
    """

    keypoints: np.ndarray
    flags: np.ndarray
    bbox: tuple[int, int, int, int]
    area: int
    visible_area: int
    mask: np.ndarray


class Scene(NamedTuple):
    """An image, BGR uint8 or None, and the people in it, from far to near."""

    image: np.ndarray | None
    people: list[PersonTruth]


class _Thing(NamedTuple):
    """A box in front of people; ``corners`` are left, top, right and bottom."""

    corners: tuple[int, int, int, int]
    color: tuple[int, int, int]

    def draw(self, canvas: np.ndarray, color: tuple[int, int, int] | int) -> None:
        cv2.rectangle(canvas, self.corners[:2], self.corners[2:], color, cv2.FILLED)


def make_scene(options: SceneOptions, seed: int, index: int, paint: bool = True) -> Scene:
    """Make one scene; the same arguments always give the same scene.

    Args:
        options: Options of the scene.
        seed: Seed of a series of scenes, not negative.
        index: Index of the scene in its series, not negative.
        paint: Whether to draw the image; if False, only the ground truth is made.
    """
    items = _sample_items(options, np.random.default_rng((seed, index, _LAYOUT)))
    width, height = options.image_size
    owners = np.zeros((height, width), np.uint8)  # number of the nearest item at each pixel
    silhouettes = []
    for number, item in enumerate(items, 1):
        mask = np.zeros((height, width), np.uint8)
        if isinstance(item, Figure):
            draw_figure(item, mask, _SOLID)
        else:
            item.draw(mask, 1)
        owners[mask > 0] = number
        silhouettes.append(mask)
    people = [
        _truth(item, number, owners, mask)
        for number, (item, mask) in enumerate(zip(items, silhouettes), 1)
        if isinstance(item, Figure) and mask.any()
    ]
    if not paint:
        return Scene(None, people)
    rng = np.random.default_rng((seed, index, _PAINT))
    return Scene(_paint(items, options.image_size, rng), people)


def _sample_items(options: SceneOptions, rng: np.random.Generator) -> list[Figure | _Thing]:
    """Sample people and objects, and sort them from far to near."""
    width, height = options.image_size
    count = int(rng.integers(options.people[0], options.people[1] + 1))
    # The more people there are, the smaller they are; within a scene, statures differ by up to a
    # factor of three.
    low, high = options.stature
    high = max(high / (1 + 0.09 * max(count - 1, 0)), low)
    typical = np.exp(rng.uniform(np.log(low), np.log(high)))
    horizon = float(rng.uniform(0.12, 0.5)) * height
    placed: list[tuple[float, float, float]] = []
    for _ in range(count):
        size = float(np.clip(typical * np.exp(rng.uniform(-0.5, 0.5)), low, high)) * height
        x = float(rng.uniform(0.02, 0.98)) * width
        if placed and rng.random() < options.crowding:
            other = placed[int(rng.integers(len(placed)))]
            x = other[1] + float(rng.uniform(0.12, 0.6) * rng.choice((-1, 1))) * size
        placed.append((horizon + float(rng.uniform(0.7, 1.1)) * size, x, size))
    items: list[tuple[float, Figure | _Thing]] = [
        (y, sample_figure(rng, (x, y), size)) for y, x, size in placed
    ]
    for _ in range(int(rng.integers(options.occluders[0], options.occluders[1] + 1))):
        if not placed:
            break
        y, x, size = placed[int(rng.integers(count))]
        left = round(x + float(rng.uniform(-0.4, 0.2)) * size)
        top = round(y - float(rng.uniform(0.2, 0.7)) * size)
        right, bottom = (round(a + float(rng.uniform(0.1, 0.35)) * size) for a in (left, top))
        color = tuple(map(int, rng.integers(20, 236, 3)))
        items.append((y + 0.1 * size, _Thing((left, top, right, bottom), color)))
    return [item for _, item in sorted(items, key=lambda each: each[0])]


def _paint(
    items: list[Figure | _Thing], size: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Draw smooth noise as background, the items in front of it, and grain."""
    image = cv2.resize(
        rng.integers(30, 226, (5, 5, 3), np.uint8), size, interpolation=cv2.INTER_CUBIC
    )
    for item in items:
        if isinstance(item, Figure):
            draw_figure(item, image)
        else:
            item.draw(image, item.color)
    grain = rng.normal(0, 6, image.shape)
    return (image + grain).round().clip(0, 255).astype(np.uint8)


def _truth(figure: Figure, number: int, owners: np.ndarray, silhouette: np.ndarray) -> PersonTruth:
    height, width = owners.shape
    mask = owners == number
    pixels = np.floor(figure.points + 0.5).astype(int)
    inside = ((pixels >= 0) & (pixels < (width, height))).all(axis=1)
    flags = np.full(len(pixels), OUTSIDE)
    columns, rows = pixels[inside].T
    covered = figure.hidden()[inside] | (owners[rows, columns] > number)
    flags[inside] = np.where(covered, OCCLUDED, VISIBLE)
    return PersonTruth(
        keypoints=figure.points,
        flags=flags,
        bbox=tuple(cv2.boundingRect(silhouette)),
        area=cv2.countNonZero(silhouette),
        visible_area=int(np.count_nonzero(mask)),
        mask=mask,
    )
