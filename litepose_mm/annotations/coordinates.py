"""Whether the keypoints of a whole file seem to be pixels of the image, as they should be.

Some tools write them as fractions of the image, in percent, or from the corner of the person's box;
others write boxes by their centre or by two corners. One person may look like that by chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .problem import Problem
from .values import size_of

_MARGIN = 0.1  # of a box's longer side, that keypoints may lie outside
# Of the keypoints of COCO, CrowdPose and LSP 96 % and more lie so near; 78 % and less do if x and y
# are exchanged, boxes are given by their centres, or keypoints are in other units.
_MOST_OUTSIDE = 0.2
_FEW = 3  # keypoints that may lie outside, or people in a corner, by chance in a small file


def in_fractions(points: Sequence[tuple[float, float]]) -> bool:
    """Whether somebody's labelled keypoints are fractions of the image, or nearly so.

    As pixels, all of them would lie in the upper left corner, and not at whole numbers.
    """
    near = all(abs(x - 0.5) <= 1 and abs(y - 0.5) <= 1 for x, y in points)
    return near and any(x % 1 or y % 1 for x, y in points)


def fractions_problem(count: int) -> Problem:
    """Says that so many people have keypoints :func:`in_fractions`."""
    text = (
        f'expected pixels, got numbers between 0 and 1 (annotations: {count}); if they are '
        "fractions of the image, multiply x by the image's width and y by its height"
    )
    return Problem('keypoints in fractions', 'file', None, 'keypoints', text, malformed=True)


def odd_coordinates(document: dict) -> Problem | None:
    """What is odd about the keypoints of all people together.

    Args:
        document: In the normal form, see :class:`People`.
    """
    people = [each for each in document['annotations'] if each['num_keypoints']]
    if not people:
        return None
    points = np.array([each['keypoints'] for each in people], float).reshape(len(people), -1, 3)
    labelled, points = points[..., 2] > 0, points[..., :2]
    corners = np.array([each['bbox'] for each in people], float).reshape(-1, 1, 2, 2)
    low, size = corners[..., 0, :], corners[..., 1, :]
    margin = _MARGIN * size.max(axis=-1, keepdims=True)
    inside = ((points >= low - margin) & (points <= low + size + margin)).all(axis=-1)
    num_outside, count = int((labelled & ~inside).sum()), int(labelled.sum())
    if num_outside > _MOST_OUTSIDE * count + _FEW:
        text = (
            f'{num_outside} of {count} that are labelled lie outside the boxes of their people; '
            'expected keypoints (x, y) and boxes (x, y of the upper left corner, width, height) '
            'in pixels of the whole image'
        )
        return Problem('keypoints outside boxes', 'file', None, 'keypoints', text)
    sides = [side for image in document['images'] for side in size_of(image) or ()]
    if len(people) > _FEW and points[labelled].max() <= 100 and min(sides, default=0) > 200:
        text = (
            f'all of {len(people)} people lie within 100 pixels of the upper left corner; if they '
            "are in percent, multiply x by the image's width / 100 and y by its height / 100"
        )
        return Problem('keypoints in percent', 'file', None, 'keypoints', text)
    return None
