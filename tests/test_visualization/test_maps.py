"""Maps on an image: the right colour at the right place."""

import numpy as np
import pytest
from pose_builders import make_skeleton

from litepose_mm.visualization import draw_heatmaps, draw_tags


def image(width=80, height=40, value=100):
    return np.full((height, width, 3), value, np.uint8)


def one_peak(joint, row, column, value=1.0, joints=3):
    """Heatmaps (joints, 10, 20) with a block of 3x3 around a place."""
    maps = np.zeros((joints, 10, 20), np.float32)
    maps[joint, row - 1 : row + 2, column - 1 : column + 2] = value
    return maps


def test_heatmaps_shine_in_the_colour_of_their_limbs():
    maps = one_peak(1, 2, 4) + one_peak(2, 7, 15)
    drawing = draw_heatmaps(image(), maps, make_skeleton())
    assert drawing.shape == (40, 80, 3) and drawing.dtype == np.uint8
    np.testing.assert_array_equal(drawing[10, 18], (0, 255, 0))  # the left hand's limb, as BGR
    np.testing.assert_array_equal(drawing[30, 62], (0, 128, 255))
    np.testing.assert_array_equal(drawing[30, 18], (30, 30, 30))  # the image, dimmed


def test_heatmaps_beyond_their_range_are_harmless():
    for value in (-3.0, 7.0):
        drawing = draw_heatmaps(image(), one_peak(1, 5, 10, value), make_skeleton())
        expected = (0, 255, 0) if value > 0 else (30, 30, 30)
        np.testing.assert_array_equal(drawing[22, 42], expected)


def test_tags_are_drawn_where_a_heatmap_is_high():
    heatmaps = one_peak(0, 2, 4, 0.8) + one_peak(1, 7, 15, 0.8) + one_peak(2, 7, 4, 0.05)
    tags = np.stack([np.full((5, 10), value) for value in (-1.0, 3.0, 50.0)])
    drawing, (low, high) = draw_tags(image(), tags, heatmaps)
    assert (low, high) == (-1, 3)  # not 50, whose heatmap is low
    blue, _, red = drawing[10, 18].astype(int)
    assert blue > red
    blue, _, red = drawing[30, 62].astype(int)
    assert red > blue
    np.testing.assert_array_equal(drawing[30, 18], (30, 30, 30))


def test_only_the_first_tags_of_several_are_drawn():
    heatmaps = one_peak(0, 5, 10, 0.8)
    tags = np.concatenate([np.full((3, 10, 20), 1.0), np.full((3, 10, 20), 9.0)])
    assert draw_tags(image(), tags, heatmaps)[1] == (1, 1)


def test_no_high_heatmap_no_tags():
    drawing, ends = draw_tags(image(), np.ones((3, 10, 20)), np.zeros((3, 10, 20)))
    assert ends is None
    assert (drawing == 30).all()


@pytest.mark.parametrize('joints', [1, 2, 17])
def test_any_number_of_keypoints(joints):
    skeleton = make_skeleton(
        keypoint_names=tuple(map(str, range(joints))),
        links=(),
        flip_indices=tuple(range(joints)),
        sigmas=(0.1,) * joints,
        keypoint_colors=None,
        link_colors=None,
    )
    maps = one_peak(joints - 1, 5, 10, joints=joints)
    drawing = draw_heatmaps(image(), maps, skeleton)
    np.testing.assert_array_equal(drawing[22, 42], (0, 128, 255))  # orange, the default
    assert draw_tags(image(), maps, maps)[0].shape == (40, 80, 3)
