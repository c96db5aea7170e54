"""Make scenes: an image and its ground truth."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from litepose_mm.datasets.synthetic import KEYPOINTS, SceneOptions
from litepose_mm.datasets.synthetic.scene import OCCLUDED, OUTSIDE, VISIBLE

from .backgrounds import paint_background
from .canvas import Canvas, Footprint
from .effects import apply_effects
from .figure import figure_parts
from .layout import Actor, Layout, sample_layout
from .visibility import hidden_by_own_body

_LAYOUT, _PAINT = 0, 1  # separate random streams, so that the truth does not depend on painting


class PersonTruth(NamedTuple):
    """A person in an image.

    Attributes:
        keypoints: All canonical keypoints ``(C, 2)`` in pixels, including those outside.
        flags: ``(C,)``: 0 outside the image, 1 hidden, 2 visible.
        bbox: Left, top, width and height of the part inside the image, hidden or not.
        area: Number of the person's pixels inside the image, hidden or not.
        visible_area: Number of visible pixels.
        mask: Visible pixels, bool ``(height, width)``.
        pose: Name of the pose.
        item: Index of the person among the layout's items.
    """

    keypoints: np.ndarray
    flags: np.ndarray
    bbox: tuple[int, int, int, int]
    area: int
    visible_area: int
    mask: np.ndarray
    pose: str
    item: int


class Scene(NamedTuple):
    """An image, BGR uint8 or None, and the people in it, from far to near."""

    image: np.ndarray | None
    people: list[PersonTruth]


def make_scene(options: SceneOptions, seed: int, index: int, paint: bool = True) -> Scene:
    """Make one scene; the same arguments always give the same scene.

    Args:
        options: Options of the scene.
        seed: Seed of a series of scenes, not negative.
        index: Index of the scene in its series, not negative.
        paint: Whether to draw the image; the ground truth alone is faster.
    """
    layout = sample_layout(options, np.random.default_rng((seed, index, _LAYOUT)))
    rng = np.random.default_rng((seed, index, _PAINT)) if paint else None
    return draw_layout(layout, options.image_size, rng)


def draw_layout(
    layout: Layout, size: tuple[int, int], rng: np.random.Generator | None = None
) -> Scene:
    """Draw a scene.

    Args:
        layout: Layout of the scene.
        size: Width and height in pixels.
        rng: Random number generator for background and camera; None draws nothing.
    """
    background = None if rng is None else paint_background(size, layout.horizon, rng)
    canvas = Canvas(size, background)
    darkness = 128 if rng is None else int(rng.integers(60, 120))
    drawn = []
    for owner, item in enumerate(layout.items, 1):
        if not isinstance(item, Actor):
            canvas.draw_solids(item.solids, owner)
            continue
        scale = item.body.scale
        canvas.draw_shadow(item.foot, 0.2 * scale, darkness)
        canvas.draw_solids(item.furniture, 0)
        light = None if rng is None else layout.light
        parts = figure_parts(item.body, item.shape, item.outfit, light)
        footprint = canvas.draw_figure(parts, item.outfit, owner, scale)
        hidden = hidden_by_own_body(item.body, parts, footprint)
        drawn.append((owner, item, footprint, hidden))
    truths = [_truth(canvas, *person) for person in drawn]
    image = None if rng is None else apply_effects(canvas.image, rng)
    return Scene(image, [truth for truth in truths if truth is not None])


def _truth(
    canvas: Canvas, owner: int, actor: Actor, footprint: Footprint | None, hidden: np.ndarray
) -> PersonTruth | None:
    if footprint is None:
        return None
    silhouette = (footprint.parts > 0).astype(np.uint8)
    area = cv2.countNonZero(silhouette)
    if not area:
        return None
    x, y, width, height = cv2.boundingRect(silhouette)
    mask = canvas.owners == owner
    keypoints = np.stack([actor.body.points[name][:2] for name in KEYPOINTS])
    pixels = np.floor(keypoints + 0.5).astype(int)
    inside = ((pixels >= 0) & (pixels < canvas.size)).all(axis=1)
    flags = np.full(len(KEYPOINTS), OUTSIDE)
    columns, rows = pixels[inside].T
    covered = hidden[inside] | (canvas.owners[rows, columns] > owner)
    flags[inside] = np.where(covered, OCCLUDED, VISIBLE)
    return PersonTruth(
        keypoints=keypoints,
        flags=flags,
        bbox=(footprint.left + x, footprint.top + y, width, height),
        area=area,
        visible_area=int(np.count_nonzero(mask)),
        mask=mask,
        pose=actor.pose,
        item=owner - 1,
    )
