"""Nobody stands beside the image: what a network sees in the black border is left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..preprocessing.resize import Box


def hide_borders(
    heatmaps: np.ndarray, boxes: Sequence[Box | None], input_size: tuple[int, int]
) -> np.ndarray:
    """Heatmaps in which nothing is found beyond the images' borders.

    Args:
        heatmaps: Of a network, ``(B, K, h, w)``.
        boxes: Of each input, the part that its image fills; None where all of it counts.
        input_size: Height and width of the inputs.

    Returns:
        The same, with zeros where the middle of a pixel lies beyond. A missing keypoint whose tag
        fits best there stays missing.
    """
    if not any(boxes):
        return heatmaps
    hidden = heatmaps.copy()
    for own, box in zip(hidden, boxes, strict=True):
        if box is not None:
            rows, columns = _inside(box, heatmaps.shape[2:], input_size)
            own *= rows[:, None] & columns
    return hidden


def has_border(box: Box | None, size: tuple[int, int], input_size: tuple[int, int]) -> bool:
    """Whether :func:`hide_borders` hides a pixel of maps of this height and width."""
    return box is not None and not all(map(np.all, _inside(box, size, input_size)))


def _inside(
    box: Box, size: tuple[int, int], input_size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Rows, and columns, whose middle is on the image."""
    left, top, right, bottom = box
    rows, columns = (
        (np.arange(pixels) + 0.5) * (length / pixels) for pixels, length in zip(size, input_size)
    )
    return (top <= rows) & (rows <= bottom), (left <= columns) & (columns <= right)
