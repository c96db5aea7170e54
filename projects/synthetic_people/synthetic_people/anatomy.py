"""Tables of the body: keypoints, lengths, thicknesses and shapes, all as shares of stature.

Lengths and heights are those of Drillis and Contini (1966) as in Winter, *Biomechanics
and Motor Control of Human Movement* (body segment lengths as a fraction of body height).
Thicknesses, the parts of the head and the body shapes are rough: they were chosen by eye.

Axes of a body: x to the person's left, y up, z in the direction in which the person looks.
"""

from __future__ import annotations

from typing import NamedTuple

# Lengths of segments (Drillis and Contini).
THIGH = 0.245
SHANK = 0.246
UPPER_ARM = 0.186
FOREARM = 0.146
TORSO = 0.288  # hip joints (0.530) to shoulder joints (0.818)
LUMBAR = 0.100  # of the torso below the place where the back bends; rough

# Joint centres, rough: half of the distance between the two sides.
SHOULDER_HALF = 0.112
HIP_HALF = 0.055

# The head: its pivot above the shoulders, and an ellipsoid (x, y, z half axes) above the pivot.
NECK_KEYPOINT = 0.020
HEAD_PIVOT = 0.055
HEAD_CENTRE = (0.0, 0.062, 0.012)
HEAD_AXES = (0.047, 0.066, 0.057)
# Positions on the head from its centre.
FACE = {
    'nose': (0.0, -0.010, 0.066),
    'left_eye': (0.019, 0.010, 0.050),
    'right_eye': (-0.019, 0.010, 0.050),
    'left_ear': (0.048, 0.000, -0.004),
    'right_ear': (-0.048, 0.000, -0.004),
    'top_head': (0.0, 0.066, 0.0),
}
# A point of the face is visible if its direction from the head's centre leans this far towards
# the viewer (1 is straight at the viewer, 0 is the outline of the head).
FACE_SEEN_FROM = {'nose': -0.35, 'left_eye': 0.0, 'right_eye': 0.0, 'left_ear': -0.3,
                  'right_ear': -0.3}  # fmt: skip

# Hands and feet from wrist and ankle in the frames of forearm and foot.
HAND = 0.075
HEEL = (0.0, -0.026, -0.030)
TOE = (0.0, -0.030, 0.098)

# Rings around the torso: frame, height above the frame's origin, half width, half depth.
# The chest's origin is between the shoulders, the pelvis' between the hips.
TORSO_RINGS = (
    ('chest', 0.024, 0.040, 0.034),
    ('chest', -0.012, 0.124, 0.046),
    ('chest', -0.080, 0.100, 0.066),
    ('pelvis', 0.085, 0.084, 0.058),
    ('pelvis', 0.000, 0.098, 0.066),
    ('pelvis', -0.045, 0.074, 0.056),
)

# Radii of limbs at both ends.
LIMB_RADII = {
    'neck': (0.033, 0.030),
    'upper_arm': (0.030, 0.024),
    'forearm': (0.025, 0.016),
    'hand': (0.018, 0.016),
    'thigh': (0.052, 0.035),
    'shank': (0.036, 0.021),
    'foot': (0.024, 0.019),
}
CLOTH = 0.006  # addition of a loose sleeve or trouser leg to a radius

# The body hides a keypoint if a surface in front of it is nearer by more than this, which is more
# than the thickness around the joint and less than that of the body.
COVER = {
    'nose': 0.05, 'eye': 0.05, 'ear': 0.05, 'shoulder': 0.085, 'elbow': 0.055, 'wrist': 0.05,
    'hip': 0.095, 'knee': 0.07, 'ankle': 0.055, 'top_head': 0.1, 'neck': 0.085, 'pelvis': 0.1,
    'big_toe': 0.05, 'heel': 0.06,
}  # fmt: skip


class BodyShape(NamedTuple):
    """Factors for the tables above; stature is the height as a share of a tall adult's."""

    name: str
    weight: float
    stature: tuple[float, float]
    head: float = 1.0
    legs: float = 1.0
    shoulders: float = 1.0
    hips: float = 1.0
    torso: float = 1.0
    limbs: float = 1.0


BODY_SHAPES = (
    BodyShape('average', 4, (0.88, 1.0)),
    BodyShape('slender', 2, (0.86, 1.0), torso=0.86, limbs=0.82, shoulders=0.94),
    BodyShape('broad', 2, (0.92, 1.0), shoulders=1.1, torso=1.1, limbs=1.15),
    BodyShape('wide-hipped', 2, (0.84, 0.95), shoulders=0.9, hips=1.12, limbs=0.95),
    BodyShape('heavy', 1, (0.85, 0.98), torso=1.32, limbs=1.22, shoulders=1.04, hips=1.12),
    BodyShape('child', 1, (0.55, 0.75), head=1.45, legs=0.88, shoulders=0.95, limbs=1.05),
)


def side_and_joint(name: str) -> tuple[str, str]:
    """Split ``'left_knee'`` into ``('left', 'knee')``; keypoints in the middle have no side."""
    for side in ('left', 'right'):
        if name.startswith(f'{side}_'):
            return side, name[len(side) + 1 :]
    return '', name
