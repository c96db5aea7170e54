"""What a sample of training asks of the network, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from .colors import person_color
from .maps import dimmed, draw_heatmaps
from .sheet import at_panel_size, in_a_row, people_panel

if TYPE_CHECKING:
    from ..structures import PoseResult

_HATCH, _HATCH_PERIOD, _HATCH_WIDTH = (60, 60, 230), 8, 3  # BGR, pixels
_LEAST_DOT = 5  # pixels


def draw_targets(
    image: np.ndarray,
    people: PoseResult,
    heatmaps: Sequence[np.ndarray] = (),
    masks: Sequence[np.ndarray] = (),
    tag_indices: Mapping[int, np.ndarray] | None = None,
    title: str = '',
) -> np.ndarray:
    """Draws a sheet as :func:`draw_sheet`: people, each level's heatmaps and where tags are read.

    What a mask leaves out is hatched in red.

    Args:
        image: The input, BGR (H, W, 3) uint8.
        people: The truth; ``image_size`` is the input's.
        heatmaps: (K, h_l, w_l) for each level.
        masks: ([n,] h_l, w_l) for each level, or none; 0 where the loss does not count.
        tag_indices: By number of the level, (N, K, 2): position ``y * w_l + x`` in its map, or that
            plus a multiple of ``h_l * w_l``, and whether it is used.
        title: A line above all, ASCII.

    Returns:
        The sheet, BGR uint8.
    """
    panel_image = at_panel_size(image)
    panels = [people_panel(panel_image, people, 'truth')]
    for number, maps in enumerate(heatmaps):
        drawing = draw_heatmaps(panel_image, maps, people.skeleton)
        if number < len(masks):
            _hatch(drawing, masks[number])
        panels.append((f'heatmaps {_size(maps)}: highest {maps.max():.2f}', drawing))
    for number, indices in (tag_indices or {}).items():
        maps = heatmaps[number]
        drawing = _draw_places(panel_image, indices, maps.shape[:0:-1])
        used = indices[..., 1] > 0
        text = f'{used.sum()} of {used.any(axis=1).sum()} people'
        panels.append((f'tags {_size(maps)}: {text}', drawing))
    return in_a_row(panels, title)


def _size(maps: np.ndarray) -> str:
    return f'{maps.shape[2]}x{maps.shape[1]}'


def _hatch(drawing: np.ndarray, mask: np.ndarray) -> None:
    height, width = drawing.shape[:2]
    used = np.asarray(mask, np.float32).reshape(-1, *mask.shape[-2:]).min(axis=0)
    used = cv2.resize(used, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    diagonal = np.add.outer(np.arange(height), np.arange(width)) % _HATCH_PERIOD
    drawing[~used & (diagonal < _HATCH_WIDTH)] = _HATCH


def _draw_places(panel_image: np.ndarray, indices: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A square at each pixel of a level (width, height) where a tag is read; a colour a person."""
    drawing = dimmed(panel_image).round().astype(np.uint8)
    zoom = np.divide(panel_image.shape[1::-1], size)
    for person, entries in enumerate(indices):
        index = entries[entries[:, 1] > 0, 0] % (size[0] * size[1])
        corners = np.stack([index % size[0], index // size[0]], axis=1) * zoom
        for x, y in corners.round().astype(int):
            width, height = np.maximum(zoom.round().astype(int), _LEAST_DOT)
            drawing[y : y + height, x : x + width] = person_color(person)[::-1]
    return drawing
