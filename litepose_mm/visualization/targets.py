"""Draw a training sample with its targets side by side."""

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
_MIN_DOT = 5  # pixels


def draw_targets(
    image: np.ndarray,
    people: PoseResult,
    heatmaps: Sequence[np.ndarray] = (),
    masks: Sequence[np.ndarray] = (),
    tag_indices: Mapping[int, np.ndarray] | None = None,
    title: str = '',
) -> np.ndarray:
    """Draws a sheet with people, each level's heatmaps and the positions at which tags are read.

    Masked areas are hatched in red.

    Args:
        image: The input, BGR (H, W, 3) uint8.
        people: The annotated people, with the input's ``image_size``.
        heatmaps: (K, h_l, w_l) for each level.
        masks: ([n,] h_l, w_l) for each level, or none; 0 where the loss is ignored.
        tag_indices: For each level by number, (N, K, 2): the position ``y * w_l + x`` in its map,
            optionally plus a multiple of ``h_l * w_l``, and whether it is used.
        title: A line of ASCII text above the panels.

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
        drawing = _draw_positions(panel_image, indices, (maps.shape[2], maps.shape[1]))
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


def _draw_positions(
    panel_image: np.ndarray, indices: np.ndarray, level_wh: tuple[int, int]
) -> np.ndarray:
    """Draws a square at each pixel of a level where a tag is read, in the person's colour."""
    drawing = dimmed(panel_image).round().astype(np.uint8)
    zoom = np.divide(panel_image.shape[1::-1], level_wh)
    for person, entries in enumerate(indices):
        index = entries[entries[:, 1] > 0, 0] % (level_wh[0] * level_wh[1])
        corners = np.stack([index % level_wh[0], index // level_wh[0]], axis=1) * zoom
        for x, y in corners.round().astype(int):
            width, height = np.maximum(zoom.round().astype(int), _MIN_DOT)
            drawing[y : y + height, x : x + width] = person_color(person)[::-1]
    return drawing
