"""A simple figure: joints in the image plane and the shapes between them."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from .keypoint_sets import KEYPOINTS

# Positions of an upright person who faces the viewer, as shares of the stature: to the person's
# left, and up from the ground.
_UPRIGHT = {
    'nose': (0.0, 0.915), 'eye': (0.018, 0.935), 'ear': (0.045, 0.925), 'top_head': (0.0, 1.0),
    'neck': (0.0, 0.835), 'shoulder': (0.11, 0.815), 'pelvis': (0.0, 0.53), 'hip': (0.06, 0.53),
}  # fmt: skip
# Upper arm, forearm, thigh and shank: lengths, and the smallest and largest angle outwards from
# hanging down, in degrees; the angle of the second part of a limb is relative to the first.
_ARM, _LEG = (0.186, 0.16), (0.25, 0.24)
_ARM_ANGLES, _LEG_ANGLES = ((-10, 110), (-20, 90)), ((-5, 30), (-25, 10))
_FOOT = {'heel': (-0.01, -0.02), 'big_toe': (0.03, -0.04)}  # from the ankle

# Limbs behind the torso and in front of it: start, end, radius, material.
_LEGS = (
    ('hip', 'knee', 0.05, 'trousers'),
    ('knee', 'ankle', 0.034, 'trousers'),
    ('heel', 'big_toe', 0.022, 'shoes'),
)
_ARMS = (('shoulder', 'elbow', 0.032, 'shirt'), ('elbow', 'wrist', 0.024, 'skin'))
_TORSO = ('left_shoulder', 'right_shoulder', 'right_hip', 'left_hip')
_FACE = [KEYPOINTS.index(name) for name in ('nose', 'left_eye', 'right_eye')]


class Figure(NamedTuple):
    """A person in the image plane.

    Attributes:
        points: All canonical keypoints ``(C, 2)`` in pixels.
        stature: Height of the upright person in pixels.
        faces_viewer: Whether the face is visible.
        colors: BGR by material.
    """

    points: np.ndarray
    stature: float
    faces_viewer: bool
    colors: dict[str, tuple[int, int, int]]

    def hidden(self) -> np.ndarray:
        """Return which keypoints the person's own body hides, ``(C,)``."""
        hidden = np.zeros(len(KEYPOINTS), dtype=bool)
        hidden[_FACE] = not self.faces_viewer
        return hidden


def sample_figure(rng: np.random.Generator, foot: tuple[float, float], stature: float) -> Figure:
    """Sample a pose, a view and colours.

    Args:
        rng: Random number generator.
        foot: Position on the ground in pixels.
        stature: Height of the upright person in pixels.
    """
    faces_viewer = bool(rng.random() < 0.75)
    narrow = float(rng.uniform(0.45, 1.0))  # a person who is turned sideways
    places = {}
    for name, (x, y) in _UPRIGHT.items():
        for side, sign in (('left_', 1), ('right_', -1)) if x else (('', 1),):
            places[side + name] = np.array((sign * x * narrow, y))
    for sign, side in ((1, 'left'), (-1, 'right')):
        for start, joints, lengths, angles in (
            ('shoulder', ('elbow', 'wrist'), _ARM, _ARM_ANGLES),
            ('hip', ('knee', 'ankle'), _LEG, _LEG_ANGLES),
        ):
            place, angle = places[f'{side}_{start}'], 0.0
            for joint, length, limits in zip(joints, lengths, angles):
                angle += float(rng.uniform(*limits))
                turn = np.deg2rad(angle)
                place = place + length * np.array((sign * np.sin(turn), -np.cos(turn)))
                places[f'{side}_{joint}'] = place
        for name, (x, y) in _FOOT.items():
            places[f'{side}_{name}'] = places[f'{side}_ankle'] + (sign * x, y)
    points = np.stack([places[name] for name in KEYPOINTS])
    # The person's left is at the right of the image if the face is visible.
    points = points * (1 if faces_viewer else -1, -1) * stature
    lean = np.deg2rad(float(rng.normal(0, 8)))
    points = points @ np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    materials = ('shirt', 'trousers', 'shoes', 'hair')
    colors = {name: tuple(map(int, rng.integers(20, 236, 3))) for name in materials}
    tone = float(rng.uniform(0.35, 1.0))
    colors['skin'] = tuple(int(tone * value) for value in (165, 190, 235))
    return Figure(points + foot, stature, faces_viewer, colors)


def draw_figure(figure: Figure, canvas: np.ndarray, colors: dict[str, tuple] | None = None) -> None:
    """Draw a person.

    Args:
        figure: The person.
        canvas: Image, or mask ``(height, width)``, that is drawn on.
        colors: Colours by material that replace the person's own.
    """
    colors = figure.colors if colors is None else colors
    point = dict(zip(KEYPOINTS, figure.points))

    def limbs(shapes: tuple[tuple[str, str, float, str], ...]) -> None:
        for start, end, radius, material in shapes:
            for side in ('left', 'right'):
                ends = point[f'{side}_{start}'], point[f'{side}_{end}']
                _limb(canvas, *ends, radius * figure.stature, colors[material])

    limbs(_LEGS)
    torso = [point[name] for name in _TORSO]
    cv2.fillConvexPoly(canvas, np.round(torso).astype(int), colors['shirt'])
    for start, end in zip(torso, (*torso[1:], torso[0])):
        _limb(canvas, start, end, 0.045 * figure.stature, colors['shirt'])
    limbs(_ARMS)
    _limb(canvas, point['neck'], point['nose'], 0.03 * figure.stature, colors['skin'])
    middle = (point['top_head'] + point['nose']) / 2
    skin, hair = colors['skin'], colors['hair']
    _limb(canvas, middle, point['nose'], 0.055 * figure.stature, hair)
    if figure.faces_viewer:
        _limb(canvas, point['nose'], point['nose'], 0.045 * figure.stature, skin)
        for name in ('left_eye', 'right_eye'):
            _limb(canvas, point[name], point[name], 0.007 * figure.stature, hair)


def _limb(canvas: np.ndarray, start: np.ndarray, end: np.ndarray, radius: float, color) -> None:
    thickness = max(1, round(2 * radius))
    first, last = (tuple(map(int, np.round(each))) for each in (start, end))
    cv2.line(canvas, first, last, color, thickness)
