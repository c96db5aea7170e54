"""Draw a sheet with people, heatmaps and tags of an image side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from .draw import draw_resized
from .maps import draw_heatmaps, draw_tags

if TYPE_CHECKING:
    from ..structures import PoseResult

_LONG_SIDE = 384  # long side of a panel in pixels
_GAP, _LINE = 8, 26  # gap between panels and height of a line of text, in pixels
_PAPER, _INK, _QUIET = (28, 22, 16), (245, 240, 235), (170, 160, 150)  # BGR
_FONT, _FONT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.55

Panel = tuple[str, np.ndarray]  # caption and drawing


def draw_sheet(
    image: np.ndarray,
    found: PoseResult,
    truth: PoseResult | None = None,
    heatmaps: np.ndarray | None = None,
    tags: np.ndarray | None = None,
    title: str = '',
    keypoint_threshold: float = 0.2,
) -> np.ndarray:
    """Draws a row of panels: annotated people, found people, heatmaps and tags, if given.

    Images are resized to panels of one size, so that every sheet is legible. Captions count the
    people of whom something is drawn.

    Args:
        image: BGR (H, W, 3) uint8.
        found: People found on the image, with its ``image_size``.
        truth: Annotated people.
        heatmaps: (K, h, w) for the whole image, about 0 to 1.
        tags: (L * K, h', w'), drawn only if there are heatmaps too.
        title: A line of ASCII text above the panels.
        keypoint_threshold: Keypoints with a lower score are not drawn.

    Returns:
        The sheet, BGR uint8.
    """
    panel_image = at_panel_size(image)
    panels = [
        people_panel(panel_image, people, name, keypoint_threshold)
        for name, people in (('truth', truth), ('found', found))
        if people is not None
    ]
    if heatmaps is not None:
        drawing = draw_heatmaps(panel_image, heatmaps, found.skeleton)
        panels.append((f'heatmaps: highest {heatmaps.max():.2f}', drawing))
    if heatmaps is not None and tags is not None:
        drawing, ends = draw_tags(panel_image, tags, heatmaps)
        text = 'no high heatmap' if ends is None else f'{ends[0]:.2f} to {ends[1]:.2f}'
        panels.append((f'tags: {text}', drawing))
    return in_a_row(panels, title)


def at_panel_size(image: np.ndarray) -> np.ndarray:
    """Resizes an image to the size of a panel."""
    height, width = image.shape[:2]
    zoom = _LONG_SIDE / max(height, width)
    size = max(1, round(width * zoom)), max(1, round(height * zoom))
    return cv2.resize(image, size, interpolation=cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA)


def people_panel(
    panel_image: np.ndarray, people: PoseResult, name: str, keypoint_threshold: float = 0.2
) -> Panel:
    """Draws people on a panel's resized image."""
    drawing = draw_resized(panel_image, people, keypoint_threshold=keypoint_threshold)
    count = int(people.found(keypoint_threshold).any(axis=1).sum())
    return f'{name}: {count} {"person" if count == 1 else "people"}', drawing


def in_a_row(panels: list[Panel], title: str) -> np.ndarray:
    """Joins panels of one size below their captions and an ASCII title."""
    height, width = panels[0][1].shape[:2]
    top = _GAP + 2 * _LINE
    sheet = np.empty((top + height + _GAP, _GAP + len(panels) * (width + _GAP), 3), np.uint8)
    sheet[:] = _PAPER
    _write(sheet, title, _GAP, _LINE, sheet.shape[1] - 2 * _GAP, _QUIET)
    for index, (caption, drawing) in enumerate(panels):
        left = _GAP + index * (width + _GAP)
        _write(sheet, caption, left, 2 * _LINE, width, _INK)
        sheet[top : top + height, left : left + width] = drawing
    return sheet


def _write(sheet: np.ndarray, text: str, left: int, baseline: int, room: int, color) -> None:
    """Writes a line of text, and shrinks it if it does not fit."""
    (width, _), _ = cv2.getTextSize(text, _FONT, _FONT_SCALE, 1)
    scale = _FONT_SCALE * min(1, room / max(width, 1))
    cv2.putText(sheet, text, (left, baseline), _FONT, scale, color, 1, cv2.LINE_AA)
