"""Convert joint angles to a body in 3D."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from . import anatomy
from .anatomy import BodyShape


class Body(NamedTuple):
    """A body of stature 1 with the origin between the hips, or a body that a camera sees.

    Attributes:
        points: Positions by name, of keypoints and the ends of limbs, ``(3,)``.
        frames: Rotations ``(3, 3)`` of ``pelvis``, ``chest`` and ``head``.
        scale: Length of a stature.
    """

    points: dict[str, np.ndarray]
    frames: dict[str, np.ndarray]
    scale: float = 1.0


def rotation(axis: str, degrees: float) -> np.ndarray:
    """Return the matrix that rotates counter-clockwise around ``'x'``, ``'y'`` or ``'z'``."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    if axis == 'x':
        return np.array(((1.0, 0.0, 0.0), (0.0, c, -s), (0.0, s, c)))
    if axis == 'y':
        return np.array(((c, 0.0, s), (0.0, 1.0, 0.0), (-s, 0.0, c)))
    return np.array(((c, -s, 0.0), (s, c, 0.0), (0.0, 0.0, 1.0)))


def build_body(shape: BodyShape, angles: dict[str, float]) -> Body:
    """Build a body, from the pelvis outwards.

    Args:
        shape: Factors for the lengths.
        angles: Angles in degrees from :func:`.poses.sample_angles`.
    """
    pelvis = rotation('z', angles['torso_roll']) @ rotation('x', angles['torso_pitch'])
    chest = pelvis @ rotation('z', angles['spine_roll']) @ rotation('x', angles['spine_pitch'])
    chest = chest @ rotation('y', angles['spine_twist'])
    head = chest @ rotation('y', angles['head_yaw']) @ rotation('x', angles['head_pitch'])
    head = head @ rotation('z', angles['head_roll'])

    chest_centre = anatomy.LUMBAR * pelvis[:, 1] + (anatomy.TORSO - anatomy.LUMBAR) * chest[:, 1]
    pivot = chest_centre + anatomy.HEAD_PIVOT * chest[:, 1]
    head_centre = pivot + head @ (shape.head * np.array(anatomy.HEAD_CENTRE))
    points = {
        'pelvis': np.zeros(3),
        'chest': chest_centre,
        'neck': chest_centre + anatomy.NECK_KEYPOINT * chest[:, 1],
        'head_pivot': pivot,
        'head_centre': head_centre,
    }
    for name, offset in anatomy.FACE.items():
        points[name] = head_centre + head @ (shape.head * np.array(offset))
    for side, sign in (('left', 1.0), ('right', -1.0)):
        _add_arm(points, side, sign, chest, shape, angles)
        _add_leg(points, side, sign, pelvis, shape, angles)
    return Body(points, {'pelvis': pelvis, 'chest': chest, 'head': head})


def _add_arm(points, side: str, sign: float, chest, shape: BodyShape, angles) -> None:
    def angle(name: str) -> float:
        return angles[f'{side}_{name}']

    raised = max(angle('shoulder_flex'), angle('shoulder_abd')) / 90 - 1
    lift = 0.035 * min(max(raised, 0.0), 1.0)  # the shoulder blade follows a raised arm
    half = anatomy.SHOULDER_HALF * shape.shoulders
    shoulder = points['chest'] + chest @ np.array((sign * (half - 0.4 * lift), lift - 0.005, 0.0))
    upper = (
        chest @ rotation('x', -angle('shoulder_flex')) @ rotation('z', sign * angle('shoulder_abd'))
    )
    upper = upper @ rotation('y', -sign * angle('shoulder_rot'))
    fore = upper @ rotation('x', -angle('elbow'))
    hand = fore @ rotation('x', -angle('wrist'))
    elbow = shoulder - anatomy.UPPER_ARM * upper[:, 1]
    wrist = elbow - anatomy.FOREARM * fore[:, 1]
    points[f'{side}_shoulder'], points[f'{side}_elbow'] = shoulder, elbow
    points[f'{side}_wrist'] = wrist
    points[f'{side}_hand'] = wrist - anatomy.HAND * hand[:, 1]


def _add_leg(points, side: str, sign: float, pelvis, shape: BodyShape, angles) -> None:
    def angle(name: str) -> float:
        return angles[f'{side}_{name}']

    hip = pelvis @ np.array((sign * anatomy.HIP_HALF * shape.hips, 0.0, 0.0))
    # Legs turn relative to the ground, not the pelvis, so that people who bend over keep standing.
    thigh = rotation('x', -angle('hip_flex')) @ rotation('z', sign * angle('hip_abd'))
    thigh = thigh @ rotation('y', sign * angle('hip_rot'))
    shank = thigh @ rotation('x', angle('knee'))
    foot = shank @ rotation('x', angle('ankle'))
    knee = hip - shape.legs * anatomy.THIGH * thigh[:, 1]
    ankle = knee - shape.legs * anatomy.SHANK * shank[:, 1]
    points[f'{side}_hip'], points[f'{side}_knee'], points[f'{side}_ankle'] = hip, knee, ankle
    points[f'{side}_heel'] = ankle + foot @ np.array(anatomy.HEEL)
    points[f'{side}_big_toe'] = ankle + foot @ np.array(anatomy.TOE)


def see_body(body: Body, view: np.ndarray, scale: float, foot: tuple[float, float]) -> Body:
    """Project a body into an image.

    Args:
        body: From :func:`build_body`.
        view: Rotation from the body's axes to the camera's (x right, y up, z to the viewer).
        scale: Length of a stature in pixels.
        foot: Pixel under the pelvis on which the body's lowest point stands.

    Returns:
        The body with x and y in pixels (y down) and z in pixels towards the viewer. Frames have y
        down as well.
    """
    turn = view * np.array([[scale], [-scale], [scale]])
    names = list(body.points)
    seen = np.stack([body.points[name] for name in names]) @ turn.T
    seen[:, 0] += foot[0]
    seen[:, 1] += foot[1] - seen[:, 1].max()
    flip = view * np.array([[1.0], [-1.0], [1.0]])
    frames = {name: flip @ frame for name, frame in body.frames.items()}
    return Body(dict(zip(names, seen)), frames, scale)
