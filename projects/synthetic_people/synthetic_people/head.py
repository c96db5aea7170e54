"""The head: skull, face, ears, eyes, nose, mouth and hair, seen from any side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import anatomy
from .anatomy import BodyShape
from .kinematics import Body
from .outlines import capsules, circle, ellipsoid, hull
from .part import Part
from .wardrobe import Outfit

_AROUND = np.linspace(0, 2 * np.pi, 20, endpoint=False)
_FACE_HALF_ANGLE = np.deg2rad(68)  # of the skull's front that hair does not cover
_FACE_AXIS = np.array((0.0, -0.34, 0.94))  # the middle of the face is below the middle of the head


class _Stroke(NamedTuple):
    """A stroke on the face; positions and radii as shares of stature, from the head's centre."""

    material: str
    rank: int  # later ones are drawn over earlier ones
    ends: tuple[tuple[float, float, float], tuple[float, float, float]]
    radii: tuple[float, float]


_BROWS = {
    sign: _Stroke('hair', 1, ((sign * 0.011, 0.022, 0.052), (sign * 0.028, 0.021, 0.046)),
                  (0.0025, 0.002))
    for sign in (1, -1)
}  # fmt: skip
# The smallest turn to the viewer at which a stroke is visible, and the stroke.
_STROKES = (
    (0.1, _Stroke('lips', 1, ((0.013, -0.034, 0.050), (-0.013, -0.034, 0.050)), (0.0035, 0.0035))),
    (-0.35, _Stroke('skin_dark', 3, ((0, 0.010, 0.054), (0, -0.011, 0.063)), (0.005, 0.0075))),
    (-0.35, _Stroke('skin', 4, ((0, 0.012, 0.054), (0, -0.009, 0.064)), (0.004, 0.0055))),
)


def head_parts(
    body: Body, shape: BodyShape, outfit: Outfit, light: np.ndarray | None
) -> list[Part]:
    """Return the unsorted parts of the head, with the arguments of :func:`.figure.figure_parts`."""
    centre, frame = body.points['head_centre'], body.frames['head']
    unit = shape.head * body.scale
    axes = unit * np.array(anatomy.HEAD_AXES)
    scalp = 'skin' if outfit.bald else 'hair'
    skull = np.array([[*centre[:2], centre[2] + 0.9 * axes[2], 1.15 * axes[1]]])
    top, face = centre + 0.004 * unit * frame[:, 1], _face(centre, frame, axes)
    lit, lit_face = [], []
    if light is not None:
        for width, shift in ((0.85, 0.12), (0.5, 0.3)):
            moved = centre + shift * axes[0] * np.array([*light, 0])
            lit.append(ellipsoid(moved, frame, axes * width))
        if face is not None:
            middle = face.mean(axis=0)
            lit_face.append(middle + 0.8 * (face - middle) + 0.08 * axes[0] * light)
    depth, front = float(centre[2]), float(centre[2]) + 0.003 * unit
    outline = ellipsoid(top, frame, axes * 1.05)
    parts = [Part('head', scalp, depth, outline, tuple(lit), skull)]
    if face is not None:
        parts.append(Part('face', 'skin', front, face, tuple(lit_face), skull))
        parts += _features(centre, frame, unit, front)
    for side in ('left', 'right'):
        ear = body.points[f'{side}_ear']
        depth = float(centre[2] + 1.2 * (ear[2] - centre[2]))
        outline = ellipsoid(ear, frame, unit * np.array((0.007, 0.017, 0.011)))
        parts.append(Part('ear', 'skin', depth, outline, (), skull))
    if outfit.long_hair:
        parts.append(_long_hair(centre, frame, unit, outfit.long_hair))
    return parts


def _face(centre: np.ndarray, frame: np.ndarray, axes: np.ndarray) -> np.ndarray | None:
    """Return the part of the face on the viewer's side, or None."""
    forward = _FACE_AXIS / np.linalg.norm(_FACE_AXIS)
    across = np.array((1.0, 0.0, 0.0))
    upward = np.cross(forward, across)
    ring = np.cos(_AROUND)[:, None] * across + np.sin(_AROUND)[:, None] * upward
    border = np.cos(_FACE_HALF_ANGLE) * forward + np.sin(_FACE_HALF_ANGLE) * ring
    border = np.concatenate([border, 0.5 * border + 0.5 * forward]) * axes
    offsets = border @ frame.T
    if (offsets[:, 2] <= 0).all():
        return None
    behind = offsets[:, 2] < 0
    flat = offsets[:, :2].copy()
    # Parts that face away lie on the skull's outline.
    flat[behind] *= np.linalg.norm(offsets[behind], axis=1, keepdims=True) / np.maximum(
        np.linalg.norm(flat[behind], axis=1, keepdims=True), 1e-6
    )
    return hull(centre[:2] + flat)


def _features(centre: np.ndarray, frame: np.ndarray, unit: float, front: float) -> list[Part]:
    """Return eyes, brows, nose and mouth if they are on the viewer's side."""
    toward = frame[2, 2]  # 1 for a face seen from the front, 0 in profile
    eyes = {
        sign: centre + unit * frame @ np.array((sign * 0.019, 0.010, 0.050)) for sign in (1, -1)
    }
    parts, strokes = [], []
    for sign, eye in eyes.items():
        if eye[2] - centre[2] > 0.008 * unit:
            white = ellipsoid(eye, frame, unit * np.array((0.0098, 0.0062, 0.003)))
            parts.append(Part('face', 'eye_white', front + 0.001 * unit, white))
            parts.append(Part('face', 'pupil', front + 0.002 * unit, circle(eye, 0.0042 * unit)))
            strokes.append(_BROWS[sign])
    strokes += [stroke for least, stroke in _STROKES if toward > least]
    if strokes:
        ends = centre + unit * np.array([stroke.ends for stroke in strokes]) @ frame.T
        radii = unit * np.array([stroke.radii for stroke in strokes])
        outlines = capsules(ends[:, 0, :2], ends[:, 1, :2], radii[:, 0], radii[:, 1])
        parts += [
            Part('face', stroke.material, front + stroke.rank * 0.001 * unit, outline)
            for stroke, outline in zip(strokes, outlines)
        ]
    return parts


def _long_hair(centre: np.ndarray, frame: np.ndarray, unit: float, length: float) -> Part:
    start = centre + unit * frame @ np.array((0.0, 0.0, -0.022))
    end = centre + unit * frame @ np.array((0.0, -length, -0.050))
    radii = unit * np.array((0.054, 0.046))
    outline = capsules(start[None, :2], end[None, :2], *radii[:, None])[0]
    stations = np.linspace(0, 1, 4)[:, None]
    discs = start + stations * (end - start) + np.array((0, 0, 0.04 * unit))
    surface = np.concatenate([discs, np.full((4, 1), 0.05 * unit)], axis=1)
    depth = float(0.5 * start[2] + 0.5 * end[2]) - 0.01 * unit
    return Part('long hair', 'hair', depth, outline, (), surface)
