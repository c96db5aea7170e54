"""Boxes of people for top-down models: given by the caller, or around another model's people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import LitePoseError
from ..structures import PoseResult

#: Boxes of people: left, top, right and bottom in pixels ``(N, 4)``, or people to put boxes around.
Boxes = np.ndarray | Sequence[Sequence[float]] | PoseResult

#: How far a person reaches beyond the keypoints to the left, top, right and bottom, as a share of
#: the longer side of their extent: the medians of 3,001 people of COCO with at least 10 labelled
#: keypoints (docs/experiments/topdown.md).
MARGINS = (0.06, 0.12, 0.06, 0.09)

#: Keypoints with a lower score, which lie anywhere, do not count. It is LitePose's own threshold.
MIN_KEYPOINT_SCORE = 0.1


def boxes_around(people: PoseResult) -> np.ndarray:
    """Returns boxes ``(M, 4)`` around people, within the image.

    They are the extents of the keypoints that count, plus :data:`MARGINS`. People without an
    extent, of whom a single keypoint counts, and people outside the image have none.

    Args:
        people: The people of one image.
    """
    counts = people.found(MIN_KEYPOINT_SCORE)
    people, counts = people[counts.any(axis=1)], counts[counts.any(axis=1)][..., None]
    low = np.where(counts, people.keypoints, np.inf).min(axis=1)
    high = np.where(counts, people.keypoints, -np.inf).max(axis=1)
    longer = (high - low).max(axis=1, keepdims=True)
    margins = longer * np.array(MARGINS, np.float32)
    boxes = np.concatenate([low - margins[:, :2], high + margins[:, 2:]], axis=1)
    boxes = np.clip(boxes, 0, np.array(people.image_size * 2, np.float32))
    return boxes[(boxes[:, 2:] > boxes[:, :2]).all(axis=1)]


def checked_boxes(boxes: Boxes | None, size_wh: tuple[int, int]) -> np.ndarray:
    """Returns boxes ``(N, 4)`` on an image; the whole image if there are none.

    Args:
        boxes: What the caller gave.
        size_wh: Width and height of the image.

    Raises:
        LitePoseError: They are no boxes, or one has no area or lies outside the image.
    """
    if boxes is None:
        return np.array([[0, 0, *size_wh]], dtype=np.float32)
    if isinstance(boxes, PoseResult):
        if boxes.image_size != size_wh:
            raise LitePoseError(
                f'boxes: expected people on an image of {_text(size_wh)}, got {boxes!r}'
            )
        return boxes_around(boxes)
    try:
        values = np.asarray(boxes, dtype=np.float32).reshape(-1, 4)
    except (TypeError, ValueError):
        values = np.full((1, 4), np.nan)
    bad = ~(np.isfinite(values).all(axis=1) & (values[:, 2:] > values[:, :2]).all(axis=1))
    if bad.any():
        got = boxes if np.isnan(values).all() else values[bad][0].tolist()
        raise LitePoseError(
            'boxes: expected left, top, right and bottom of each person in pixels, (N, 4), with '
            f'right > left and bottom > top, got {" ".join(repr(got).split())[:200]}'
        )
    outside = (values[:, 2:] <= 0).any(axis=1) | (values[:, :2] >= size_wh).any(axis=1)
    if outside.any():
        raise LitePoseError(
            f'boxes: expected boxes on the image of {_text(size_wh)}, got '
            f'{values[outside][0].tolist()} (left, top, right, bottom) outside it; give pixels of '
            'this image, not of a resized one'
        )
    return values


def _text(size_wh: tuple[int, int]) -> str:
    return f'{size_wh[0]}x{size_wh[1]}'
