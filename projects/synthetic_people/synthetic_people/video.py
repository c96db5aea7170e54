"""Videos of synthetic people who walk, run and stand, with the ground truth of every frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from litepose_mm.datasets.synthetic import SceneOptions
from litepose_mm.errors import LitePoseError

from .anatomy import BODY_SHAPES, BodyShape
from .kinematics import build_body, rotation, see_body
from .layout import Actor, Layout, sample_layout
from .poses import sample_angles
from .scene import PersonTruth, draw_layout
from .wardrobe import Outfit, sample_outfit

_WALKERS, _PAINT = 2, 3  # random streams, besides those of scenes


class Gait(NamedTuple):
    """The movement of a person.

    Attributes:
        pose: Name of the pose.
        share: How often it occurs.
        speed: Lowest and highest speed in statures per second.
        cadence: Cycles of both legs per second.
    """

    pose: str
    share: float
    speed: tuple[float, float]
    cadence: float


GAITS = (
    Gait('walking', 0.6, (0.5, 0.9), 0.95),
    Gait('running', 0.2, (1.2, 2.0), 1.4),
    Gait('contrapposto', 0.2, (0.0, 0.0), 0.0),
)


class VideoFrame(NamedTuple):
    """A frame of a video.

    Attributes:
        image: BGR uint8 ``(height, width, 3)``; None if it is not drawn.
        time: Seconds since the first frame.
        people: People in the frame, from far to near.
        ids: Id of each person, the same in every frame.
    """

    image: np.ndarray | None
    time: float
    people: list[PersonTruth]
    ids: list[int]


class _Walker(NamedTuple):
    gait: Gait
    shape: BodyShape
    outfit: Outfit
    seed: int
    view: np.ndarray
    stature: float
    foot: tuple[float, float]
    velocity: float  # pixels per second, to the right

    def at(self, time: float) -> Actor:
        # Random numbers are the same for every frame, and only the gait proceeds.
        rng = np.random.default_rng(self.seed)
        angles = sample_angles(self.gait.pose, rng, turn=360 * self.gait.cadence * time)
        foot = (self.foot[0] + self.velocity * time, self.foot[1])
        body = see_body(build_body(self.shape, angles), self.view, self.stature, foot)
        return Actor(body, self.shape, self.outfit, foot, self.gait.pose)


def make_video(
    options: SceneOptions,
    seed: int,
    index: int,
    num_frames: int,
    fps: float = 25.0,
    paint: bool = True,
) -> Iterator[VideoFrame]:
    """Make a video; the same arguments always give the same video.

    People cross the image and each other, at constant speeds, and may leave; things and the
    background do not move.

    Args:
        options: Options of the frames.
        seed: Seed of a series of videos, not negative.
        index: Index of the video in its series, not negative.
        num_frames: Number of frames.
        fps: Frames per second.
        paint: Whether to draw images; the ground truth alone is faster.

    Raises:
        LitePoseError: ``num_frames`` or ``fps`` is not positive.
    """
    if num_frames < 1 or not fps > 0:
        raise LitePoseError(f'video: expected frames and fps above 0, got {num_frames} and {fps}')
    rng = np.random.default_rng((seed, index, _WALKERS))
    layout = sample_layout(options, rng)
    width, length = options.image_size[0], num_frames / fps
    things = [
        _sample_walker(item, width, length, rng) if isinstance(item, Actor) else item
        for item in layout.items
    ]
    for number in range(num_frames):
        time = number / fps
        items = [each.at(time) if isinstance(each, _Walker) else each for each in things]
        scene = draw_layout(
            Layout(items, layout.horizon, layout.light),
            options.image_size,
            np.random.default_rng((seed, index, _PAINT)) if paint else None,
        )
        ids = [person.item for person in scene.people]
        yield VideoFrame(scene.image, time, scene.people, ids)


def _sample_walker(actor: Actor, width: int, length: float, rng: np.random.Generator) -> _Walker:
    """Sample a person with an actor's size and position, who is halfway at half of the time."""
    shares = np.array([gait.share for gait in GAITS])
    gait = GAITS[int(rng.choice(len(GAITS), p=shares / shares.sum()))]
    shapes = np.array([shape.weight for shape in BODY_SHAPES], dtype=float)
    shape = BODY_SHAPES[int(rng.choice(len(BODY_SHAPES), p=shapes / shapes.sum()))]
    side = float(rng.choice((-1, 1)))
    yaw = side * float(rng.uniform(60, 115)) if gait.cadence else float(rng.uniform(-60, 60))
    view = rotation('x', float(rng.uniform(0, 8))) @ rotation('y', yaw)
    stature = actor.body.scale
    velocity = side * float(rng.uniform(*gait.speed)) * stature
    middle = float(rng.uniform(0.3, 0.7)) * width if gait.cadence else actor.foot[0]
    foot = (middle - velocity * length / 2, actor.foot[1])
    return _Walker(
        gait, shape, sample_outfit(rng), int(rng.integers(2**31)), view, stature, foot, velocity
    )
