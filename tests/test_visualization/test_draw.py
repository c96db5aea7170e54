"""Drawing: on any image, at any size, where and in the colours it should."""

import numpy as np
import pytest
from pose_builders import make_result, make_skeleton

from litepose_mm import LitePoseError
from litepose_mm.visualization import draw_skeletons, person_color


def gray(width=200, height=100):
    return np.full((height, width, 3), 128, np.uint8)


def one_person(keypoints=((100, 20), (150, 80), (50, 80)), scores=(1, 1, 1), **changes):
    return make_result(
        1, image_size=(200, 100), keypoints=[keypoints], keypoint_scores=[scores], **changes
    )


def test_colors_of_limbs_tell_left_from_right():
    drawing = draw_skeletons(gray(), one_person(), opacity=1)
    np.testing.assert_array_equal(drawing[50, 125], (0, 255, 0))  # the left limb: green
    np.testing.assert_array_equal(drawing[50, 75], (0, 128, 255))  # the right one: orange, as BGR


def test_people_get_colors_of_their_own():
    people = make_result(
        2,
        image_size=(200, 100),
        keypoints=[[[30, 10], [30, 90], [10, 90]], [[130, 10], [130, 90], [110, 90]]],
    )
    drawing = draw_skeletons(gray(), people, color_by='person', opacity=1, line_width=5)
    for x, index in ((30, 0), (130, 1)):
        np.testing.assert_array_equal(drawing[50, x], person_color(index)[::-1])
    assert len({person_color(index) for index in range(50)}) == 50


def test_the_strongest_lies_on_top():
    same = [[[30, 10], [30, 90], [10, 90]]] * 2
    for scores, top in (([0.9, 0.1], 0), ([0.1, 0.9], 1)):
        people = make_result(2, image_size=(200, 100), keypoints=same, scores=scores)
        drawing = draw_skeletons(gray(), people, color_by='person', opacity=1, line_width=5)
        np.testing.assert_array_equal(drawing[50, 30], person_color(top)[::-1])


def test_weak_keypoints_and_their_limbs_are_left_out():
    drawing = draw_skeletons(gray(), one_person(scores=(1, 0.1, 1)), keypoint_threshold=0.2)
    assert (drawing[50, 125] == 128).all()
    assert (drawing[80, 150] == 128).all()
    assert (drawing[50, 75] != 128).any()


def test_keypoints_that_were_not_found_are_left_out_at_any_threshold():
    for scores in ((0, 0, 0), (-1, 0, 0)):
        drawing = draw_skeletons(gray(), one_person(scores=scores), keypoint_threshold=0)
        assert (drawing == 128).all()


def test_opacity():
    assert (draw_skeletons(gray(), one_person(), opacity=0) == 128).all()
    half = draw_skeletons(gray(), one_person(), opacity=0.5)
    np.testing.assert_allclose(half[50, 125], (64, 192, 64), atol=1)


@pytest.mark.parametrize('channels', [None, 1, 3, 4])
def test_every_kind_of_image_and_none_is_changed(channels):
    shape = (100, 200) if channels is None else (100, 200, channels)
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    before = image.copy()
    drawing = draw_skeletons(image, one_person())
    np.testing.assert_array_equal(image, before)
    assert drawing.shape == (100, 200, 3)
    assert drawing.dtype == np.uint8
    assert not np.shares_memory(drawing, image)


def test_views_are_fine():
    image = np.zeros((100, 400, 3), np.uint8)[:, ::-2, ::-1]
    assert draw_skeletons(image, one_person()).any()


@pytest.mark.parametrize('size', [(1, 1), (3, 2), (20, 1000), (3000, 2000)])
def test_every_size(size):
    people = make_result(3, image_size=size)
    drawing = draw_skeletons(np.full((size[1], size[0], 3), 128, np.uint8), people)
    assert drawing.shape == (size[1], size[0], 3)
    assert (drawing != 128).any()


def test_lines_grow_with_the_image():
    shares = []
    for scale in (4, 16):
        people = make_result(
            1,
            image_size=(200 * scale, 100 * scale),
            keypoints=np.array([[[100, 20], [150, 80], [50, 80]]]) * scale,
        )
        drawing = draw_skeletons(gray(200 * scale, 100 * scale), people)
        shares.append((drawing != 128).any(axis=2).mean())
    assert shares[1] == pytest.approx(shares[0], rel=0.2)


def test_line_width_can_be_given():
    narrow, wide = (
        (draw_skeletons(gray(), one_person(), line_width=width) != 128).sum() for width in (1, 8)
    )
    assert wide > 2 * narrow


def test_positions_far_away_are_harmless():
    far = one_person(keypoints=((1e30, 0), (150, 80), (-1e9, 80)))
    drawing = draw_skeletons(gray(), far)
    assert (drawing[80, 150] != 128).any()


def test_keypoints_without_limbs_have_their_own_color():
    lonely = make_skeleton(links=(), link_colors=None)
    drawing = draw_skeletons(gray(), one_person(skeleton=lonely), opacity=1)
    blue, green, red = drawing[80, 150].astype(int)  # the left hand, light green
    assert green > red and green > blue


@pytest.mark.parametrize(
    'image, options, message',
    [
        (np.zeros((100, 200, 3), np.float32), {}, r'uint8 image.* got float32 \(100, 200, 3\)'),
        (np.zeros((100, 200, 2), np.uint8), {}, 'uint8 image'),
        (np.zeros((0, 0, 3), np.uint8), {}, 'uint8 image'),
        ('photo.jpg', {}, 'got str'),
        (np.zeros((200, 100, 3), np.uint8), {}, '200x100, got .*100x200'),
        (gray(), {'color_by': 'mood'}, "'mood'"),
        (gray(), {'opacity': 2}, 'from 0 to 1, got 2'),
        (gray(), {'line_width': 0}, 'positive'),
    ],
)
def test_refuses_what_cannot_be_drawn(image, options, message):
    with pytest.raises(LitePoseError, match=message) as caught:
        draw_skeletons(image, one_person(), **options)
    assert '\n' not in str(caught.value)
