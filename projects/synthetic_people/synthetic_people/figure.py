"""Convert a body that a camera sees to parts to draw, from far to near."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import anatomy
from .anatomy import BodyShape
from .head import head_parts
from .kinematics import Body
from .outlines import capsules, hull
from .part import Part
from .wardrobe import Outfit

_RING = np.linspace(0, 2 * np.pi, 16, endpoint=False)
_RING_XZ = np.stack([np.cos(_RING), np.sin(_RING)], axis=1)
_STRIPS = ((0.8, 0.2), (0.45, 0.4))  # width and shift to the light of the lit strips, of a radius
_STATIONS = np.linspace(0, 1, 5)


class _Limb(NamedTuple):
    """A tapered capsule between two points, on both sides if ``paired``."""

    name: str
    start: str
    end: str
    material: str
    span: tuple[float, float] = (0.0, 1.0)
    swell: float = 0.0
    bias: float = 0.0


def figure_parts(
    body: Body, shape: BodyShape, outfit: Outfit, light: tuple[float, float] | None
) -> list[Part]:
    """Return the parts of a person, from far to near.

    Args:
        body: Result of :func:`.kinematics.see_body`.
        shape: The factors with which the body was built.
        outfit: Clothes of the person.
        light: Direction in the image that the light comes from, of length 1; None for parts
            without lit strips, which is faster.
    """
    strips = () if light is None else tuple(
        (width, shift * np.array(light)) for width, shift in _STRIPS
    )  # fmt: skip
    parts = _limb_parts(body, shape, outfit, strips)
    parts += _torso_parts(body, shape, outfit, strips)
    parts += head_parts(body, shape, outfit, None if light is None else np.array(light))
    return sorted(parts, key=lambda part: part.depth)


def _limbs(outfit: Outfit) -> list[_Limb]:
    """Return the limbs of the body, and clothes that end within a limb."""
    cloth = anatomy.CLOTH * outfit.loose
    long_sleeves, long_legs = outfit.sleeves > 1.5, outfit.legs > 1.5
    limbs = [
        _Limb('neck', 'neck', 'head_pivot', 'skin', bias=0.004),
        *(limb for side in ('left', 'right') for limb in (
            _Limb('upper_arm', f'{side}_shoulder', f'{side}_elbow',
                  'shirt' if long_sleeves else 'skin', swell=cloth * long_sleeves, bias=0.02),
            _Limb('forearm', f'{side}_elbow', f'{side}_wrist',
                  'shirt' if long_sleeves else 'skin', swell=cloth * long_sleeves, bias=0.021),
            _Limb('hand', f'{side}_wrist', f'{side}_hand', 'skin', bias=0.0205),
            _Limb('thigh', f'{side}_hip', f'{side}_knee',
                  'trousers' if long_legs else 'skin', swell=cloth * long_legs),
            _Limb('shank', f'{side}_knee', f'{side}_ankle',
                  'trousers' if long_legs else 'skin', swell=cloth * long_legs),
            _Limb('foot', f'{side}_heel', f'{side}_big_toe', 'shoes', bias=0.003),
        )),
    ]  # fmt: skip
    for side in ('left', 'right'):
        if 0 < outfit.sleeves <= 1.5:
            limbs.append(_Limb('upper_arm', f'{side}_shoulder', f'{side}_elbow', 'shirt',
                               (0.0, outfit.sleeves), 0.004 + cloth, 0.0202))  # fmt: skip
        if 0 < outfit.legs <= 1.5:
            limbs.append(_Limb('thigh', f'{side}_hip', f'{side}_knee', 'trousers',
                               (0.0, outfit.legs), 0.004 + cloth, 0.001))  # fmt: skip
        if outfit.socks:
            limbs.append(_Limb('shank', f'{side}_knee', f'{side}_ankle', 'socks',
                               (1 - outfit.socks, 1.0), 0.002, 0.0005))  # fmt: skip
    return limbs


def _limb_parts(body: Body, shape: BodyShape, outfit: Outfit, strips) -> list[Part]:
    limbs = _limbs(outfit)
    ends = np.array([[body.points[limb.start], body.points[limb.end]] for limb in limbs])
    radii = np.array([anatomy.LIMB_RADII[limb.name] for limb in limbs]) * shape.limbs
    spans = np.array([limb.span for limb in limbs])
    along, widen = ends[:, 1] - ends[:, 0], radii[:, 1] - radii[:, 0]
    ends = ends[:, :1] + spans[..., None] * along[:, None]
    radii = radii[:, :1] + spans * widen[:, None] + np.array([[limb.swell] for limb in limbs])
    radii = radii * body.scale

    starts, stops = ends[:, 0, :2], ends[:, 1, :2]
    outlines = capsules(starts, stops, radii[:, 0], radii[:, 1])
    direction = stops - starts
    direction = direction / np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-6)
    lit_outlines = []
    for width, shift in strips:
        # Lit strips reach both ends, because otherwise there would be a dark ring at every joint.
        lit = [
            centre + radius[:, None] * (sign * (1 - width) * direction + 0.5 * shift)
            for centre, radius, sign in ((starts, radii[:, 0], -1), (stops, radii[:, 1], 1))
        ]
        lit_outlines.append(capsules(*lit, width * radii[:, 0], width * radii[:, 1]))

    centres = ends[:, :1] + _STATIONS[:, None] * (ends[:, 1:] - ends[:, :1])
    sizes = radii[:, :1] + _STATIONS * (radii[:, 1:] - radii[:, :1])
    centres[..., 2] += sizes  # the surface, not the axis
    surfaces = np.concatenate([centres, sizes[..., None]], axis=2)
    depths = ends[..., 2].mean(axis=1) + np.array([limb.bias for limb in limbs]) * body.scale
    return [
        Part(limb.name, limb.material, float(depths[i]), outlines[i],
             tuple(lit[i] for lit in lit_outlines), surfaces[i])
        for i, limb in enumerate(limbs)
    ]  # fmt: skip


def _torso_parts(body: Body, shape: BodyShape, outfit: Outfit, strips) -> list[Part]:
    rings, centres = [], []
    for frame, height, half_width, half_depth in anatomy.TORSO_RINGS:
        turn, wide = body.frames[frame], shape.hips if frame == 'pelvis' else shape.shoulders
        offsets = np.zeros((len(_RING_XZ), 3))
        offsets[:, 0] = _RING_XZ[:, 0] * half_width * wide * (0.5 + 0.5 * shape.torso)
        offsets[:, 1] = height
        offsets[:, 2] = _RING_XZ[:, 1] * half_depth * shape.torso
        rings.append(body.points[frame] + body.scale * offsets @ turn.T)
        centres.append(body.points[frame] + body.scale * height * turn[:, 1])
    pieces = [('shirt', (0, 1, 2)), ('shirt', (2, 3)),
              ('shirt' if outfit.shirt_out else 'trousers', (3, 4)),
              ('trousers', (4, 5))]  # fmt: skip
    parts = []
    thickness = 0.05 * body.scale
    for rank, (material, which) in enumerate(pieces):
        points = np.concatenate([rings[index] for index in which])
        lit = []
        for width, shift in strips:
            narrow = [
                centres[i][:2] + width * (rings[i][:, :2] - centres[i][:2])
                + 0.6 * thickness * shift for i in which
            ]  # fmt: skip
            lit.append(hull(np.concatenate(narrow)))
        depth = float(np.mean([centres[i][2] for i in which])) + (3 - rank) * 0.002 * body.scale
        # The surface between two rings consists of discs, in which points can be looked up.
        between = [
            rings[a] + step * (rings[b] - rings[a])
            for a, b in zip(which, which[1:]) for step in (0.0, 0.5, 1.0)
        ]  # fmt: skip
        discs = np.concatenate(between)
        discs = np.concatenate([discs, np.full((len(discs), 1), 0.035 * body.scale)], axis=1)
        parts.append(Part('torso', material, depth, hull(points[:, :2]), tuple(lit), discs))
    if outfit.skirt:
        parts.append(_skirt(body, shape, outfit, rings, strips))
    return parts


def _skirt(body: Body, shape: BodyShape, outfit: Outfit, rings, strips) -> Part:
    """A skirt around hips and thighs; it does not hide the person's joints."""
    radius = anatomy.LIMB_RADII['thigh'][0] * 1.25 * shape.limbs * body.scale
    hems = [
        body.points[f'{side}_hip']
        + outfit.skirt * (body.points[f'{side}_knee'] - body.points[f'{side}_hip'])
        for side in ('left', 'right')
    ]
    circles = [
        hem[:2] + radius * np.stack([np.cos(_RING), np.sin(_RING) * 0.35], axis=1) for hem in hems
    ]
    points = np.concatenate([rings[3][:, :2], rings[4][:, :2], *circles])
    centre = points.mean(axis=0)
    lit = tuple(
        hull(centre + (points - centre) * (width, 0.99) + shift * (0.6 * radius, 0.15 * radius))
        for width, shift in strips
    )
    depth = float(np.mean([hem[2] for hem in hems])) * 0.5 + 0.012 * body.scale
    return Part('skirt', 'trousers', depth, hull(points), lit, np.zeros((0, 4)))
