"""Check that the keypoints of a whole file are in pixels of the image.

Some tools write them as fractions or percentages of the image, or relative to the person's box;
others write boxes by their centres or by two corners. A single person may look like that by chance.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .problem import Problem
from .values import size_of

_MARGIN = 0.1  # how far keypoints may lie outside a box, as a fraction of its longer side
# At least 96 % of the keypoints of COCO, CrowdPose and LSP lie within this margin, but at most 78 %
# if x and y are swapped, boxes are given by their centres, or keypoints are in other units.
_MOST_OUTSIDE = 0.2
_FEW = 3  # keypoints outside a box, or people in a corner, may be chance in a small file


def in_fractions(points: Sequence[tuple[float, float]]) -> bool:
    """Whether a person's labelled keypoints seem to be fractions of the image.

    As pixels, all of them would lie in the upper left corner, and not at whole numbers.
    """
    near = all(abs(x - 0.5) <= 1 and abs(y - 0.5) <= 1 for x, y in points)
    return near and any(x % 1 or y % 1 for x, y in points)


def fractions_problem(count: int) -> Problem:
    """Reports the number of people whose keypoints are :func:`in_fractions`."""
    text = (
        f'expected pixels, got numbers between 0 and 1 (annotations: {count}); if they are '
        "fractions of the image, multiply x by the image's width and y by its height"
    )
    return Problem('keypoints in fractions', 'file', None, 'keypoints', text, malformed=True)


def odd_coordinates(document: dict) -> Problem | None:
    """Returns a problem of the keypoints of all people together, if there is one.

    Args:
        document: A document in the normal form, see :class:`People`.
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
            f'{num_outside} of {count} labelled keypoints lie outside the boxes of their people; '
            'expected keypoints (x, y) and boxes (x, y of the upper left corner, width, height) '
            'in pixels of the whole image'
        )
        return Problem('keypoints outside boxes', 'file', None, 'keypoints', text)
    sides = [side for image in document['images'] for side in size_of(image) or ()]
    if len(people) > _FEW and points[labelled].max() <= 100 and min(sides, default=0) > 200:
        text = (
            f'all {len(people)} people lie within 100 pixels of the upper left corner; if their '
            "keypoints are percentages, multiply x by the image's width / 100 and y by its height "
            '/ 100'
        )
        return Problem('keypoints in percent', 'file', None, 'keypoints', text)
    return None
