"""The layout of a scene: people and things, before drawing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from litepose_mm.datasets.synthetic import SceneOptions

from .anatomy import BODY_SHAPES, BodyShape
from .canvas import Solid
from .kinematics import Body, build_body, rotation, see_body
from .occluders import sample_occluder, seat
from .poses import POSES, choose_pose, sample_angles
from .wardrobe import Outfit, cloth_color, sample_outfit

_SHAPE_SHARES = np.cumsum([shape.weight for shape in BODY_SHAPES])
# Share, mean and spread (degrees) of the directions in which people look; 0 is towards the viewer.
_VIEWS = ((0.4, 0, 45), (0.13, 90, 30), (0.13, -90, 30), (0.2, 180, 45), (0.14, 0, 180))
_VIEW_SHARES = np.cumsum([view[0] for view in _VIEWS])


class Actor(NamedTuple):
    """A person in a scene."""

    body: Body
    shape: BodyShape
    outfit: Outfit
    foot: tuple[float, float]
    pose: str = 'standing'
    furniture: list[Solid] = []


class Occluder(NamedTuple):
    """A thing in a scene."""

    solids: list[Solid]
    foot: tuple[float, float]


class Layout(NamedTuple):
    """A scene before it is drawn.

    Attributes:
        items: People and things, from far to near.
        horizon: Row of the horizon.
        light: Direction in the image that the light comes from.
    """

    items: list[Actor | Occluder]
    horizon: float
    light: tuple[float, float]


def sample_layout(options: SceneOptions, rng: np.random.Generator) -> Layout:
    """Sample a scene."""
    width, height = options.image_size
    count = int(rng.integers(options.people[0], options.people[1] + 1))
    angle = float(rng.uniform(-2.8, -0.35))
    light = (float(np.cos(angle)), float(np.sin(angle)))
    horizon = float(rng.uniform(0.12, 0.5)) * height
    eye_level = float(rng.uniform(0.65, 1.2))  # the camera's height in statures
    pitch = float(rng.uniform(-2, 8)) + 14 * max(eye_level - 0.9, 0)
    # The more people there are, the smaller they are; within a scene, statures differ by up to a
    # factor of three.
    low, high = options.stature
    high = max(high / (1 + 0.09 * max(count - 1, 0)), low)
    typical = np.exp(rng.uniform(np.log(low), np.log(high)))
    actors: list[Actor] = []
    for _ in range(count):
        size = float(np.clip(typical * np.exp(rng.uniform(-0.5, 0.5)), low, high)) * height
        actors.append(_sample_actor(options, rng, size, horizon, eye_level, pitch, actors))
    items: list[Actor | Occluder] = list(actors)
    for _ in range(int(rng.integers(options.occluders[0], options.occluders[1] + 1))):
        if not actors:
            break
        actor = actors[int(rng.integers(count))]
        stature = actor.body.scale
        foot = (
            actor.foot[0] + float(rng.uniform(-0.35, 0.35)) * stature,
            actor.foot[1] + float(rng.uniform(0.01, 0.15)) * stature,
        )
        items.append(Occluder(sample_occluder(rng, foot, stature, width), foot))
    items.sort(key=lambda item: item.foot[1])
    return Layout(items, horizon, light)


def _sample_actor(
    options: SceneOptions, rng: np.random.Generator, size: float, horizon: float, eye_level: float,
    pitch: float, others: list[Actor],
) -> Actor:  # fmt: skip
    shape = BODY_SHAPES[_pick(_SHAPE_SHARES, rng)]
    pose = choose_pose(rng)
    body = build_body(shape, sample_angles(pose, rng))
    _, middle, spread = _VIEWS[_pick(_VIEW_SHARES, rng)]
    yaw = middle + float(rng.uniform(-spread, spread))
    tilt = float(rng.uniform(-1, 1)) * (14 if pose == 'random' else 4)
    view = rotation('z', tilt) @ rotation('x', pitch) @ rotation('y', yaw)
    x = float(rng.uniform(0.02, 0.98)) * options.image_size[0]
    near, step = float(rng.random()), float(rng.uniform(0.12, 0.6) * rng.choice((-1, 1)))
    if others and near < options.crowding:
        x = others[int(rng.integers(len(others)))].foot[0] + step * size
    foot = (x, horizon + eye_level * size * float(rng.uniform(0.97, 1.03)))
    stature = size * float(rng.uniform(*shape.stature))
    outfit, chair = sample_outfit(rng), cloth_color(rng)
    body = see_body(body, view, stature, foot)
    furniture = []
    if POSES[pose].seated:
        furniture = seat(foot[1], body.points['pelvis'], stature, chair)
    return Actor(body, shape, outfit, foot, pose, furniture)


def _pick(shares: np.ndarray, rng: np.random.Generator) -> int:
    return int(np.searchsorted(shares, rng.random() * shares[-1], side='right'))
