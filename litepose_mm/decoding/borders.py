"""Masks heatmaps outside the image, in the black border of a letterboxed input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..preprocessing.resize import Box


def hide_borders(
    heatmaps: np.ndarray, boxes: Sequence[Box | None], input_hw: tuple[int, int]
) -> np.ndarray:
    """Sets heatmaps to zero outside the images.

    Args:
        heatmaps: Heatmaps ``(B, K, h, w)``.
        boxes: The part of each input that its image covers; None means the whole input.
        input_hw: Height and width of the inputs.

    Returns:
        The heatmaps with zeros at pixels whose centre lies outside the image. A missing keypoint
        whose tag fits best there stays missing.
    """
    if not any(boxes):
        return heatmaps
    hidden = heatmaps.copy()
    for own, box in zip(hidden, boxes, strict=True):
        if box is not None:
            rows, columns = _inside(box, (heatmaps.shape[2], heatmaps.shape[3]), input_hw)
            own *= rows[:, None] & columns
    return hidden


def has_border(box: Box | None, map_hw: tuple[int, int], input_hw: tuple[int, int]) -> bool:
    """Whether :func:`hide_borders` masks any pixel of maps of this height and width."""
    return box is not None and not all(map(np.all, _inside(box, map_hw, input_hw)))


def _inside(
    box: Box, map_hw: tuple[int, int], input_hw: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns masks of the rows and of the columns whose centre is inside the image."""
    left, top, right, bottom = box
    rows, columns = (
        (np.arange(pixels) + 0.5) * (length / pixels) for pixels, length in zip(map_hw, input_hw)
    )
    return (top <= rows) & (rows <= bottom), (left <= columns) & (columns <= right)
