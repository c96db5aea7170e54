"""Scenes are the same everywhere, and their truth fits what is drawn."""

import hashlib
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from synthetic_people import make_scene
from synthetic_people.anatomy import BODY_SHAPES
from synthetic_people.canvas import Solid
from synthetic_people.kinematics import build_body, rotation, see_body
from synthetic_people.layout import Actor, Layout, Occluder
from synthetic_people.poses import LIMITS, NEUTRAL, POSES, sample_angles
from synthetic_people.scene import draw_layout
from synthetic_people.wardrobe import sample_outfit

from litepose_mm.datasets.synthetic import KEYPOINTS, SceneOptions
from litepose_mm.datasets.synthetic.scene import OCCLUDED, OUTSIDE, VISIBLE

SIZE = (240, 240)
OPTIONS = SceneOptions(image_size=(128, 96), people=(2, 5))
DIGEST = """
import hashlib
from litepose_mm.datasets.synthetic import SceneOptions
from synthetic_people import make_scene
options = SceneOptions(image_size=(128, 96), people=(2, 5))
for index in (3, 0):
    scene = make_scene(options, 5, index)
    digest = hashlib.sha256(scene.image.tobytes())
    for person in scene.people:
        digest.update(person.keypoints.tobytes() + person.flags.tobytes())
    print(digest.hexdigest())
"""


def index_of(*names: str) -> list[int]:
    return [KEYPOINTS.index(name) for name in names]


def actor(yaw: float, foot=(120.0, 225.0), stature: float = 200.0, **changes: float) -> Actor:
    """Somebody who stands straight with slightly spread arms and legs."""
    rng = np.random.default_rng(0)
    angles = {
        name: changes.get(name, changes.get(name.split('_', 1)[1] if '_' in name else '', 0.0))
        for name in sample_angles('standing', rng)
    }
    body = build_body(BODY_SHAPES[0], angles)
    outfit = sample_outfit(rng)._replace(long_hair=0.0)
    return Actor(see_body(body, rotation('y', yaw), stature, foot), BODY_SHAPES[0], outfit, foot)


def truth(*items, size=SIZE):
    return draw_layout(Layout(list(items), 100.0, (-0.6, -0.8)), size).people


def around(point: np.ndarray, half: float) -> Occluder:
    corners = np.array(((-1, -1), (1, -1), (1, 1), (-1, 1))) * half + point[:2]
    return Occluder([Solid(corners, (0, 0, 0))], (0.0, 0.0))


def test_same_scene_in_another_process():
    expected = []
    for index in (3, 0):
        scene = make_scene(OPTIONS, 5, index)
        digest = hashlib.sha256(scene.image.tobytes())
        for person in scene.people:
            digest.update(person.keypoints.tobytes() + person.flags.tobytes())
        expected.append(digest.hexdigest())
    done = subprocess.run(
        [sys.executable, '-c', DIGEST],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
    )
    assert done.stdout.split() == expected


def test_series_stays_what_it_is():
    """Figures that are published for a series mean that series; a change of it needs new ones."""
    people = make_scene(SceneOptions(), 0, 0, paint=False).people
    assert [(person.pose, person.bbox) for person in people] == [
        ('contrapposto', (71, 5, 35, 116)),
        ('random', (95, 33, 58, 95)),
        ('random', (25, 0, 75, 133)),
        ('running', (62, 0, 65, 183)),
        ('arms raised', (59, 0, 74, 185)),
    ]
    np.testing.assert_allclose(
        people[0].keypoints[:2], [[103.97, 16.79], [103.22, 13.84]], atol=0.01
    )


def test_scenes_differ_by_index_and_seed():
    images = [make_scene(OPTIONS, s, i).image for s, i in ((0, 0), (0, 1), (1, 0))]
    assert not np.array_equal(images[0], images[1])
    assert not np.array_equal(images[0], images[2])


def test_truth_does_not_depend_on_painting():
    for index in range(10):
        painted, bare = make_scene(OPTIONS, 2, index), make_scene(OPTIONS, 2, index, paint=False)
        assert bare.image is None and painted.image.shape == (96, 128, 3)
        assert len(painted.people) == len(bare.people)
        for one, other in zip(painted.people, bare.people):
            np.testing.assert_array_equal(one.keypoints, other.keypoints)
            np.testing.assert_array_equal(one.flags, other.flags)
            assert (one.bbox, one.area, one.visible_area) == (
                other.bbox, other.area, other.visible_area)  # fmt: skip


def test_visible_keypoints_are_in_what_is_seen():
    for index in range(60):
        for person in make_scene(SceneOptions(), 3, index, paint=False).people:
            near = cv2.dilate(person.mask.astype(np.uint8), np.ones((7, 7), np.uint8))
            x, y = np.floor(person.keypoints[person.flags == VISIBLE] + 0.5).astype(int).T
            assert near[y, x].all()
            left, top, width, height = person.bbox
            assert 0 <= left < left + width <= 256 and 0 <= top < top + height <= 256
            assert person.visible_area <= person.area <= width * height


def test_everything_of_who_stands_in_front_view_is_visible():
    (person,) = truth(actor(0.0, shoulder_abd=15.0, hip_abd=8.0))
    hidden = {name for name, flag in zip(KEYPOINTS, person.flags) if flag != VISIBLE}
    assert hidden == {'left_heel', 'right_heel'}  # behind the feet
    x = dict(zip(KEYPOINTS, person.keypoints[:, 0]))
    assert x['left_shoulder'] > x['right_shoulder'] and x['left_ankle'] > x['right_ankle']


def test_back_view_swaps_sides_and_hides_the_face():
    (person,) = truth(actor(180.0, shoulder_abd=15.0, hip_abd=8.0))
    flags = dict(zip(KEYPOINTS, person.flags))
    x = dict(zip(KEYPOINTS, person.keypoints[:, 0]))
    assert x['left_shoulder'] < x['right_shoulder']
    assert {flags[name] for name in ('nose', 'left_eye', 'right_eye')} == {OCCLUDED}
    assert {flags[name] for name in ('left_shoulder', 'right_hip', 'left_knee')} == {VISIBLE}


@pytest.mark.parametrize('yaw, far', [(90.0, 'left'), (-90.0, 'right')])
def test_side_view_hides_the_far_side(yaw, far):
    (person,) = truth(actor(yaw))
    flags = dict(zip(KEYPOINTS, person.flags))
    near = {'left': 'right', 'right': 'left'}[far]
    for joint in ('ear', 'eye', 'shoulder', 'hip'):
        assert flags[f'{far}_{joint}'] == OCCLUDED, joint
        assert flags[f'{near}_{joint}'] == VISIBLE, joint


def test_thing_over_a_wrist_hides_the_wrist_only():
    someone = actor(0.0, shoulder_abd=30.0)
    (person,) = truth(someone, around(someone.body.points['left_wrist'], 6))
    flags = dict(zip(KEYPOINTS, person.flags))
    hidden = {name for name, flag in flags.items() if flag != VISIBLE}
    assert hidden == {'left_wrist', 'left_heel', 'right_heel'}


def test_nearer_person_hides_the_farther_one():
    far, near = actor(0.0, shoulder_abd=15.0), actor(0.0, stature=205.0, shoulder_abd=15.0)
    people = truth(far, near)
    joints = index_of('left_hip', 'right_shoulder', 'left_knee', 'nose')
    assert (people[0].flags[joints] == OCCLUDED).all()
    assert (people[1].flags[joints] == VISIBLE).all()
    assert people[0].visible_area < 0.3 * people[0].area


def test_arm_towards_the_viewer_hides_the_own_shoulder():
    (person,) = truth(actor(0.0, left_shoulder_flex=95.0, left_elbow=70.0, left_shoulder_rot=80.0))
    assert person.flags[index_of('left_shoulder')] == OCCLUDED


def test_what_is_cut_off_has_flag_0():
    (person,) = truth(actor(0.0, foot=(120.0, 320.0)))
    flags = dict(zip(KEYPOINTS, person.flags))
    assert flags['left_ankle'] == flags['right_ankle'] == OUTSIDE
    assert flags['nose'] == flags['left_shoulder'] == VISIBLE
    assert person.bbox[1] + person.bbox[3] == SIZE[1]


def test_who_is_outside_is_not_there():
    assert truth(actor(0.0, foot=(-500.0, 225.0))) == []


def test_limbs_have_the_lengths_of_the_tables():
    from synthetic_people import anatomy

    for name in POSES:
        body = build_body(BODY_SHAPES[0], sample_angles(name, np.random.default_rng(1)))
        for side in ('left', 'right'):
            for a, b, length in (('hip', 'knee', anatomy.THIGH), ('knee', 'ankle', anatomy.SHANK),
                                 ('shoulder', 'elbow', anatomy.UPPER_ARM),
                                 ('elbow', 'wrist', anatomy.FOREARM)):  # fmt: skip
                distance = body.points[f'{side}_{a}'] - body.points[f'{side}_{b}']
                assert np.linalg.norm(distance) == pytest.approx(length)


def test_pose_tables_name_known_angles_within_limits():
    tables = [NEUTRAL, *(p.ranges for p in POSES.values()), *(p.one_side for p in POSES.values())]
    for table in tables:
        for angle, (low, high) in table.items():
            assert LIMITS[angle][0] <= low <= high <= LIMITS[angle][1], angle
    for pose in POSES.values():
        assert set(pose.swing) <= set(LIMITS)
