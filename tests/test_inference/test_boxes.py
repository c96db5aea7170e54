"""Boxes around people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pose_builders import make_result, make_skeleton

from litepose_mm.inference.boxes import MARGINS, MIN_KEYPOINT_SCORE, boxes_around
from litepose_mm.structures import PoseResult


def people(keypoints, scores, size=(640, 480)):
    keypoints = np.asarray(keypoints, np.float32)
    return PoseResult(
        keypoints=keypoints,
        keypoint_scores=scores,
        scores=np.ones(len(keypoints)),
        skeleton=make_skeleton(),
        image_size=size,
    )


def test_extent_and_margins():
    keypoints = [[[100, 200], [150, 300], [9, 9]]]
    (box,) = boxes_around(people(keypoints, [[1, MIN_KEYPOINT_SCORE, 0.05]]))
    left, top, right, bottom = MARGINS
    expected = [100 - 100 * left, 200 - 100 * top, 150 + 100 * right, 300 + 100 * bottom]
    np.testing.assert_allclose(box, expected, rtol=1e-5)


def test_who_has_no_box():
    spot, line = [[50, 60]] * 3, [[50, 60], [50, 90], [50, 70]]
    outside = [[-90, -90], [-20, -50], [-80, -60]]
    found = boxes_around(
        people([spot, outside, line, line], [[1] * 3, [1] * 3, [0.01] * 3, [1] * 3])
    )
    assert len(found) == 1 and found[0, 0] < 50 < found[0, 2]  # a line has an area by its margins


@given(st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_boxes_have_an_area_on_the_image(count, seed):
    random = np.random.default_rng(seed)
    keypoints = random.normal(50, 60, (count, 3, 2)).round()
    found = boxes_around(people(keypoints, random.uniform(0, 1, (count, 3)), size=(100, 80)))
    assert found.shape[1:] == (4,) and len(found) <= count
    assert (found[:, 2:] > found[:, :2]).all()
    assert (found >= 0).all() and (found <= [100, 80, 100, 80]).all()


@pytest.mark.parametrize('count', [0, 2])
def test_of_a_result(count):
    assert len(boxes_around(make_result(people=count))) == count
