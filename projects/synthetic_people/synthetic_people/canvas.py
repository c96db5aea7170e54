"""The canvas of a scene: its image, and the owner of each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from .part import Part
from .textures import pattern
from .wardrobe import Outfit

_BITS = 4  # outlines are drawn at 1/16 pixel
_LIGHT = (100, 128, 143)  # of a part's border and its lit strips; 128 does not change a colour
_FLAT = ('eye_white', 'pupil', 'lips', 'skin_dark')


class Solid(NamedTuple):
    """A polygon of one colour; without a colour, only the owner of its pixels is set."""

    outline: np.ndarray
    color: tuple[int, int, int] | None


class Footprint(NamedTuple):
    """The pixels of a figure.

    Attributes:
        left: First column of ``parts`` in the image.
        top: First row.
        parts: Number (from 1) of the front part at each pixel, 0 outside the figure; uint8.
    """

    left: int
    top: int
    parts: np.ndarray

    def part_at(self, x: int, y: int) -> int:
        """Return the number of the part at a pixel of the image, -1 for none."""
        row, column = y - self.top, x - self.left
        inside = 0 <= row < self.parts.shape[0] and 0 <= column < self.parts.shape[1]
        return int(self.parts[row, column]) - 1 if inside else -1


class Canvas:
    """An image and its owners.

    Args:
        size: Width and height in pixels.
        image: Background, BGR uint8; without one, only owners are set.
    """

    def __init__(self, size: tuple[int, int], image: np.ndarray | None = None) -> None:
        self.size = size
        self.image = image
        self.owners = np.zeros((size[1], size[0]), dtype=np.uint8)

    def draw_solids(self, solids: Sequence[Solid], owner: int) -> None:
        """Draw polygons from back to front; ``owner`` 0 does not change owners."""
        for solid in solids:
            points = _fixed(solid.outline)
            if owner:
                cv2.fillPoly(self.owners, [points], owner, cv2.LINE_8, _BITS)
            if self.image is not None and solid.color is not None:
                cv2.fillPoly(self.image, [points], solid.color, cv2.LINE_AA, _BITS)

    def draw_shadow(self, centre: tuple[float, float], radius: float, darkness: int) -> None:
        """Darken a flat soft ellipse on the ground."""
        if self.image is None or radius < 2:
            return
        box = _clip(np.array([[-1.4, -0.5], [1.4, 0.5]]) * radius + np.array(centre), self.size)
        if box is None:
            return
        left, top, right, bottom = box
        shade = np.full((bottom - top, right - left), 128, dtype=np.uint8)
        middle = (round(centre[0]) - left, round(centre[1]) - top)
        cv2.ellipse(shade, middle, (round(radius), round(0.28 * radius)), 0, 0, 360, darkness, -1)
        side = 2 * max(round(0.15 * radius), 1) + 1
        _darken(self.image[top:bottom, left:right], cv2.blur(shade, (side, side)))

    def draw_figure(
        self, parts: Sequence[Part], outfit: Outfit, owner: int, scale: float
    ) -> Footprint | None:
        """Draw the parts of a figure in their order.

        Args:
            parts: From :func:`.figure.figure_parts`.
            outfit: Colours and textures.
            owner: Number of the figure.
            scale: Length of a stature in pixels, for textures.

        Returns:
            The pixels of the figure, or None if it is outside the image.
        """
        outlines = [part.outline for part in parts]
        points = np.concatenate(outlines)
        box = _clip(points, self.size)
        if box is None:
            return None
        left, top, right, bottom = box
        corner = np.array((left, top))
        polygons = _fixed_all(outlines, corner)
        numbers = np.zeros((bottom - top, right - left), dtype=np.uint8)
        for number, polygon in enumerate(polygons, 1):
            cv2.fillConvexPoly(numbers, polygon, number, cv2.LINE_8, _BITS)
        footprint = Footprint(left, top, numbers)
        if self.image is not None:
            region = self.image[top:bottom, left:right]
            for part, polygon in zip(parts, polygons):
                color = outfit.colors[part.material]
                cv2.fillConvexPoly(region, polygon, color, cv2.LINE_AA, _BITS)
            _add_textures(region, parts, footprint, outfit, scale)
            _shade(region, parts, polygons, corner)
        self.owners[top:bottom, left:right][numbers > 0] = owner
        return footprint


def _shade(region: np.ndarray, parts: Sequence[Part], polygons, corner: np.ndarray) -> None:
    """Darken the sides of parts that are turned away from the light."""
    shade = np.full(region.shape[:2], 128, dtype=np.uint8)
    strips = [strip for part in parts for strip in part.strips]
    lit = iter(_fixed_all(strips, corner))
    for part, polygon in zip(parts, polygons):
        border = _LIGHT[0] if part.strips else _LIGHT[1]
        if part.material in _FLAT:
            border = 128
        cv2.fillConvexPoly(shade, polygon, border, cv2.LINE_8, _BITS)
        for light in _LIGHT[1 : 1 + len(part.strips)]:
            cv2.fillConvexPoly(shade, next(lit), light, cv2.LINE_AA, _BITS)
    _darken(region, shade)


def _add_textures(
    region: np.ndarray, parts: Sequence[Part], footprint: Footprint, outfit: Outfit, scale: float
) -> None:
    for material, texture in outfit.textures.items():
        table = np.zeros(256, dtype=np.uint8)
        wearing = [i for i, part in enumerate(parts, 1) if part.material == material]
        table[wearing] = 1
        where = table[footprint.parts].astype(bool)
        torso = next(part for part in parts if part.name == 'torso')
        origin = torso.outline.mean(axis=0) - (footprint.left, footprint.top)
        where &= pattern(
            texture.kind, region.shape[1::-1], tuple(origin), texture.period * scale,
            texture.angle, texture.seed,
        )  # fmt: skip
        region[where] = texture.color


def _darken(region: np.ndarray, shade: np.ndarray) -> None:
    cv2.multiply(region, cv2.merge([shade] * 3), dst=region, scale=1 / 128)


def _fixed_all(outlines: Sequence[np.ndarray], corner: np.ndarray) -> list[np.ndarray]:
    """Convert outlines relative to a corner in OpenCV's fixed point."""
    if not outlines:
        return []
    points, ends = _fixed(np.concatenate(outlines) - corner), np.cumsum([len(o) for o in outlines])
    return [points[end - len(outline) : end] for end, outline in zip(ends.tolist(), outlines)]


def _fixed(points: np.ndarray) -> np.ndarray:
    limit = 1 << 14  # OpenCV's fixed-point lines overflow beyond this many pixels
    return (np.clip(points, -limit, limit) * (1 << _BITS)).round().astype(np.int32)


def _clip(points: np.ndarray, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return the box of whole pixels around points inside an image, or None if it is empty."""
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int) + 1
    left, top, right, bottom = max(left, 0), max(top, 0), min(right, size[0]), min(bottom, size[1])
    return (left, top, right, bottom) if left < right and top < bottom else None
