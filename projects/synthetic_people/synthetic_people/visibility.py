"""Find the keypoints that a figure itself hides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litepose_mm.datasets.synthetic import KEYPOINTS

from . import anatomy
from .anatomy import COVER, FACE, FACE_SEEN_FROM, HEAD_AXES, side_and_joint
from .canvas import Footprint
from .kinematics import Body
from .part import Part

_HEAD = ('head', 'face', 'ear', 'long hair')  # parts of the face
_COVER = [COVER[side_and_joint(name)[1]] for name in KEYPOINTS]


def hidden_by_own_body(
    body: Body, parts: Sequence[Part], footprint: Footprint | None
) -> np.ndarray:
    """Return for each canonical keypoint whether another part of the person is in front of it.

    A joint lies inside a limb, so it is hidden only if the surface in front of it is nearer by more
    than the flesh around it (``anatomy.COVER``). Points on the surface of the head are hidden if
    they face away.
    """
    hidden = np.zeros(len(KEYPOINTS), dtype=bool)
    if footprint is None:
        return hidden
    for index, name in enumerate(KEYPOINTS):
        x, y, depth = body.points[name].tolist()
        if name in FACE_SEEN_FROM and _turned_away(name, body):
            hidden[index] = True
            continue
        number = footprint.part_at(round(x), round(y))
        if number < 0 or (name in FACE_SEEN_FROM and parts[number].name in _HEAD):
            continue
        discs = parts[number].surface
        over = (discs[:, 0] - x) ** 2 + (discs[:, 1] - y) ** 2 < discs[:, 3] ** 2
        if over.any():
            hidden[index] = discs[over, 2].max() - depth > _COVER[index] * body.scale
    return hidden


def _turned_away(name: str, body: Body) -> bool:
    direction = np.array(FACE[name]) / HEAD_AXES
    direction = body.frames['head'] @ (direction / np.linalg.norm(direction))
    return bool(direction[2] < anatomy.FACE_SEEN_FROM[name])
