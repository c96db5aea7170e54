"""Nobody stands beside the picture: what a network sees in the black border is left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..resize import Box


def hide_borders(
    heatmaps: np.ndarray, boxes: Sequence[Box | None], input_size: tuple[int, int]
) -> np.ndarray:
    """Heatmaps in which nothing is found beyond the pictures' borders.

    Args:
        heatmaps: Of a network, ``(B, K, h, w)``.
        boxes: Of each input, the part that its picture fills; None where all of it counts.
        input_size: Height and width of the inputs.

    Returns:
        The same, with zeros where the middle of a pixel lies beyond.
    """
    if not any(boxes):
        return heatmaps
    hidden = heatmaps.copy()
    columns, rows = _middles(heatmaps.shape[2:], input_size)
    for own, box in zip(hidden, boxes, strict=True):
        if box is not None:
            left, top, right, bottom = box
            inside_rows = (top <= rows) & (rows <= bottom)
            own *= inside_rows[:, None] & (left <= columns) & (columns <= right)
    return hidden


def _middles(size: tuple[int, int], input_size: tuple[int, int]) -> list[np.ndarray]:
    """Of columns and of rows, in pixels of the input."""
    return [
        (np.arange(pixels) + 0.5) * (length / pixels)
        for pixels, length in zip(size[::-1], input_size[::-1])
    ]
