"""Nobody stands beside the picture: what a network sees in the black border is left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..resize import Box


def hide_borders(
    outputs: Sequence[np.ndarray],
    boxes: Sequence[Box | None],
    size: tuple[int, int],
    input_size: tuple[int, int],
) -> list[np.ndarray]:
    """Outputs in which nothing is found beyond the pictures' borders.

    Args:
        outputs: Of a network: heatmaps ``(B, K, h, w)`` and tags, or candidates, that is values
            ``(B, K, M)``, positions ``(B, K, M, 2)`` and tags.
        boxes: Of each input, the part that its picture fills; None where all of it counts.
        size: Height and width of the level that the first output is of.
        input_size: Height and width of the inputs.

    Returns:
        The same, with zeros in the first output where the middle of a pixel lies beyond.
    """
    first, *others = outputs
    if not any(boxes):
        return [first, *others]
    first = first.copy()
    for index, (own, box) in enumerate(zip(first, boxes, strict=True)):
        if box is None:
            continue
        inside = [
            (low <= middles) & (middles <= high)
            for low, high, middles in zip(box[:2], box[2:], _middles(size, input_size))
        ]
        if first.ndim == 4:
            own *= inside[1][:, None] & inside[0]
        else:
            pixels = np.rint(others[0][index]).astype(int)  # a quarter is no other pixel
            own *= inside[0][pixels[..., 0]] & inside[1][pixels[..., 1]]
    return [first, *others]


def _middles(size: tuple[int, int], input_size: tuple[int, int]) -> list[np.ndarray]:
    """Of columns and of rows, in pixels of the input."""
    return [
        (np.arange(pixels) + 0.5) * (length / pixels)
        for pixels, length in zip(size[::-1], input_size[::-1])
    ]
