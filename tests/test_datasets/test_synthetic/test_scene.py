"""Scenes are the same everywhere, and their truth fits what is drawn."""

import cv2
import numpy as np
import pytest

from litepose_mm.datasets.synthetic import KEYPOINTS, SceneOptions, make_scene
from litepose_mm.datasets.synthetic.scene import OCCLUDED, OUTSIDE, VISIBLE
from litepose_mm.errors import LitePoseError

OPTIONS = SceneOptions(image_size=(128, 96), people=(2, 5))


def test_series_stays_what_it_is():
    """A training means the same images for everybody."""
    people = make_scene(SceneOptions(), 0, 0, paint=False).people
    assert [person.bbox for person in people] == [
        (0, 30, 30, 84),
        (175, 36, 54, 78),
        (0, 0, 34, 133),
        (5, 23, 97, 125),
        (157, 41, 66, 113),
    ]


def test_scenes_differ_by_index_and_seed():
    images = [make_scene(OPTIONS, s, i).image for s, i in ((0, 0), (0, 1), (1, 0))]
    assert not np.array_equal(images[0], images[1])
    assert not np.array_equal(images[0], images[2])
    np.testing.assert_array_equal(images[2], make_scene(OPTIONS, 1, 0).image)


def test_truth_does_not_depend_on_painting():
    for index in range(10):
        painted, bare = make_scene(OPTIONS, 2, index), make_scene(OPTIONS, 2, index, paint=False)
        assert bare.image is None and painted.image.shape == (96, 128, 3)
        assert len(painted.people) == len(bare.people)
        for one, other in zip(painted.people, bare.people):
            np.testing.assert_array_equal(one.keypoints, other.keypoints)
            np.testing.assert_array_equal(one.flags, other.flags)


def test_truth_fits_what_is_seen():
    flags = set()
    for index in range(60):
        for person in make_scene(SceneOptions(), 3, index, paint=False).people:
            near = cv2.dilate(person.mask.astype(np.uint8), np.ones((5, 5), np.uint8))
            x, y = np.floor(person.keypoints[person.flags == VISIBLE] + 0.5).astype(int).T
            assert near[y, x].all()
            left, top, width, height = person.bbox
            assert 0 <= left < left + width <= 256 and 0 <= top < top + height <= 256
            assert person.visible_area <= person.area <= width * height
            outside = ((person.keypoints < -0.5) | (person.keypoints >= 255.5)).any(axis=1)
            np.testing.assert_array_equal(person.flags == OUTSIDE, outside)
            flags |= set(person.flags)
    assert flags == {OUTSIDE, OCCLUDED, VISIBLE}


def test_left_is_right_of_right_where_the_face_is_seen():
    options = SceneOptions(people=(1, 1), occluders=(0, 0))
    places = [KEYPOINTS.index(name) for name in ('left_shoulder', 'right_shoulder', 'left_eye')]
    for index in range(40):
        (person,) = make_scene(options, 4, index, paint=False).people
        left, right, eye = places
        if person.flags[eye] == OUTSIDE:
            continue
        is_right = person.keypoints[left, 0] > person.keypoints[right, 0]
        assert is_right == (person.flags[eye] == VISIBLE)


@pytest.mark.parametrize(
    'options',
    [dict(people=(3, 2)), dict(people=(0, 1000)), dict(image_size=(0, 64)), dict(stature=(0, 1))],
)
def test_bad_options_are_refused(options):
    with pytest.raises(LitePoseError, match=next(iter(options))):
        SceneOptions(**options)
