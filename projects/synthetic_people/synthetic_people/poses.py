"""Poses as ranges of joint angles in degrees.

At zero, a person stands upright with hanging arms. ``flex`` moves a limb forward, ``abd`` sideways
away from the body; ``elbow`` and ``knee`` bend joints; ``rot`` turns the upper arm inward and the
thigh outward; ``pitch`` leans forward, ``roll`` to the right, ``yaw`` and ``twist`` turn to the
left. The limits are rounded from tables of the normal range of motion; the poses themselves are
invented.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

# Angles of the trunk, then those that both sides have.
TRUNK = ('torso_pitch', 'torso_roll', 'spine_pitch', 'spine_roll', 'spine_twist',
         'head_pitch', 'head_yaw', 'head_roll')  # fmt: skip
PAIRED = ('shoulder_flex', 'shoulder_abd', 'shoulder_rot', 'elbow', 'wrist',
          'hip_flex', 'hip_abd', 'hip_rot', 'knee', 'ankle')  # fmt: skip

LIMITS = {
    'torso_pitch': (-25, 90), 'torso_roll': (-40, 40), 'spine_pitch': (-25, 60),
    'spine_roll': (-30, 30), 'spine_twist': (-40, 40),
    'head_pitch': (-45, 45), 'head_yaw': (-70, 70), 'head_roll': (-35, 35),
    'shoulder_flex': (-50, 175), 'shoulder_abd': (-10, 175), 'shoulder_rot': (-70, 80),
    'elbow': (0, 145), 'wrist': (-50, 50),
    'hip_flex': (-25, 120), 'hip_abd': (-15, 45), 'hip_rot': (-30, 40),
    'knee': (0, 140), 'ankle': (-20, 45),
}  # fmt: skip

# Ranges of angles that a pose does not define.
NEUTRAL = {
    'torso_pitch': (-4, 6), 'torso_roll': (-4, 4), 'spine_pitch': (-5, 10), 'spine_roll': (-6, 6),
    'spine_twist': (-12, 12), 'head_pitch': (-12, 20), 'head_yaw': (-45, 45),
    'head_roll': (-12, 12), 'shoulder_flex': (-12, 25), 'shoulder_abd': (3, 18),
    'shoulder_rot': (-10, 40),
    'elbow': (3, 40), 'wrist': (-20, 30),
    'hip_flex': (-6, 10), 'hip_abd': (0, 10), 'hip_rot': (-5, 22), 'knee': (0, 12),
    'ankle': (-5, 5),
}  # fmt: skip


class Pose(NamedTuple):
    """How a kind of pose differs from :data:`NEUTRAL`.

    Attributes:
        weight: How often it occurs, relative to the others.
        ranges: Lowest and highest value of angles; both sides are sampled independently.
        one_side: Ranges for one side only, chosen at random.
        swing: Amplitude and lead (degrees of the cycle) of angles that swing with the gait; the
            right side is half a cycle behind the left.
        seated: Whether the person sits on something.
    """

    weight: float
    ranges: dict[str, tuple[float, float]]
    one_side: dict[str, tuple[float, float]] = {}
    swing: dict[str, tuple[float, float]] = {}
    seated: bool = False


POSES = {
    'standing': Pose(4, {}),
    'contrapposto': Pose(
        2,
        {'torso_roll': (-8, 8), 'spine_roll': (-10, 10), 'shoulder_abd': (10, 30),
         'elbow': (20, 110), 'shoulder_rot': (20, 70)},
        one_side={'hip_flex': (5, 20), 'hip_abd': (5, 18), 'knee': (10, 35)},
    ),
    'walking': Pose(
        4,
        {'torso_pitch': (0, 8), 'hip_abd': (-2, 3), 'knee': (12, 25), 'elbow': (10, 45),
         'hip_flex': (2, 8)},
        swing={'hip_flex': (25, 0), 'knee': (22, 90), 'shoulder_flex': (24, 180),
               'ankle': (12, 200)},
    ),
    'running': Pose(
        2,
        {'torso_pitch': (8, 20), 'hip_abd': (-3, 3), 'knee': (40, 60), 'elbow': (75, 110),
         'hip_flex': (15, 25), 'shoulder_rot': (10, 40)},
        swing={'hip_flex': (42, 0), 'knee': (42, 80), 'shoulder_flex': (42, 180),
               'ankle': (18, 200)},
    ),
    'sitting': Pose(
        2,
        {'torso_pitch': (-12, 15), 'spine_pitch': (0, 20), 'hip_flex': (75, 98),
         'hip_abd': (0, 20), 'knee': (65, 105), 'shoulder_flex': (0, 50), 'elbow': (20, 95)},
        seated=True,
    ),
    'arms raised': Pose(
        2,
        {'shoulder_flex': (-5, 60), 'shoulder_abd': (80, 170), 'elbow': (0, 80),
         'head_pitch': (-30, 5), 'shoulder_rot': (-60, 0)},
    ),
    'waving': Pose(
        2, {}, one_side={'shoulder_flex': (20, 80), 'shoulder_abd': (60, 130), 'elbow': (20, 110),
                         'shoulder_rot': (-70, -10)},
    ),
    'reaching': Pose(
        2,
        {'shoulder_flex': (40, 110), 'elbow': (0, 60), 'torso_pitch': (0, 20)},
        one_side={'hip_flex': (5, 35), 'knee': (5, 30)},
    ),
    'bending': Pose(
        1.5,
        {'torso_pitch': (25, 65), 'spine_pitch': (10, 40), 'shoulder_flex': (30, 90),
         'elbow': (0, 50), 'hip_flex': (0, 25), 'knee': (0, 40), 'head_pitch': (-25, 15)},
    ),
    'crouching': Pose(
        1,
        {'torso_pitch': (10, 40), 'hip_flex': (70, 110), 'hip_abd': (5, 30), 'knee': (95, 135),
         'ankle': (-20, 10), 'shoulder_flex': (20, 80), 'elbow': (20, 90)},
    ),
    'lunging': Pose(
        1, {'torso_pitch': (-5, 20), 'hip_flex': (-20, -5), 'knee': (5, 45)},
        one_side={'hip_flex': (50, 95), 'knee': (40, 100)},
    ),
    'random': Pose(
        3,
        {'torso_pitch': (-10, 30), 'torso_roll': (-20, 20), 'spine_twist': (-35, 35),
         'head_yaw': (-60, 60), 'shoulder_flex': (-30, 140), 'shoulder_abd': (-5, 120),
         'shoulder_rot': (-60, 70), 'elbow': (0, 130), 'hip_flex': (-15, 60), 'hip_abd': (-5, 40),
         'hip_rot': (-15, 30), 'knee': (0, 80)},
    ),
}  # fmt: skip

_NAMES = tuple(POSES)
_SHARES = np.cumsum([pose.weight for pose in POSES.values()])


def choose_pose(rng: np.random.Generator) -> str:
    """Sample the name of a pose."""
    return _NAMES[int(np.searchsorted(_SHARES, rng.random() * _SHARES[-1], side='right'))]


def sample_angles(name: str, rng: np.random.Generator, turn: float = 0) -> dict[str, float]:
    """Sample the angles of a pose in degrees, within :data:`LIMITS`.

    Args:
        name: Name of the pose.
        rng: Random number generator.
        turn: Phase of the gait's cycle in degrees.

    Returns:
        Angles of :data:`TRUNK` under their names, those of :data:`PAIRED` as ``left_…`` and
        ``right_…``.
    """
    pose = POSES[name]
    draws = iter(rng.random(len(TRUNK) + 2 * len(PAIRED)).tolist())
    phase, chosen = rng.random() * 360 + turn, ('left', 'right')[int(rng.integers(2))]
    angles = {}
    for angle in TRUNK:
        angles[angle] = _clipped(angle, _between(pose.ranges.get(angle, NEUTRAL[angle]), draws))
    for side, lag in (('left', 0), ('right', 180)):
        for angle in PAIRED:
            limits = pose.ranges.get(angle, NEUTRAL[angle])
            if side == chosen:
                limits = pose.one_side.get(angle, limits)
            value = _between(limits, draws)
            amplitude, lead = pose.swing.get(angle, (0, 0))
            value += amplitude * np.sin(np.deg2rad(phase + lead + lag))
            angles[f'{side}_{angle}'] = _clipped(angle, value)
    return angles


def _between(limits: tuple[float, float], draws) -> float:
    return limits[0] + (limits[1] - limits[0]) * next(draws)


def _clipped(angle: str, value: float) -> float:
    low, high = LIMITS[angle]
    return float(min(max(value, low), high))
