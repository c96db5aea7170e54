import cv2
import numpy as np
import pytest
from mmpose.datasets.transforms import RandomFlip

from litepose_mm.datasets.transforms import BottomupRandomAffineAlign, BottomupResizeAlign


def sample():
    image = np.zeros((60, 90, 3), dtype=np.uint8)
    keypoints = np.array([[[30.0, 20.0], [60.0, 40.0]]])
    for x, y in keypoints[0]:
        cv2.circle(image, (int(x), int(y)), 2, (255, 255, 255), -1)
    return dict(
        img=image,
        img_shape=(60, 90),
        flip_indices=[0, 1],
        keypoints_visible=np.ones((1, 2)),
        keypoints=keypoints,
        bbox=np.array([[30.0, 20.0, 60.0, 40.0]]),
        area=np.array([600.0]),
    )


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('input_size', [(64, 64), (96, 64)])
def test_keypoints_move_with_the_image(seed, input_size):
    np.random.seed(seed)
    transform = BottomupRandomAffineAlign(input_size, shift_factor=0.05)
    results = transform(sample())
    assert results['img'].shape == (*input_size[::-1], 3)
    assert results['img_shape'] == input_size[::-1]
    for x, y in results['keypoints'][0]:
        if 3 < x < input_size[0] - 4 and 3 < y < input_size[1] - 4:
            assert results['img'][round(y), round(x)].min() > 150
    left, top, right, bottom = results['bbox'][0]
    assert (results['keypoints'][0] >= (left - 1e-6, top - 1e-6)).all()
    assert (results['keypoints'][0] <= (right + 1e-6, bottom + 1e-6)).all()
    zoom = np.sqrt(np.linalg.det(results['warp_mat'][:, :2]))
    assert results['area'][0] == pytest.approx(600 * zoom**2, rel=1e-5)


@pytest.mark.parametrize('size', [(90, 60), (60, 90), (85, 64), (64, 64)])
def test_a_short_side_alone_gives_the_image_as_it_is_tested(size):
    image = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), np.uint8)
    whole = dict(scale_factor=(1, 1), rotate_factor=0, shift_factor=0)
    own = BottomupRandomAffineAlign(128, **whole)(dict(img=image.copy()))
    tested = BottomupResizeAlign(128)(dict(img=image.copy()))
    assert own['img_shape'] == tested['img_shape'] and min(own['img_shape']) == 128
    assert own['aligned_size'] == own['img_shape'][::-1]
    np.testing.assert_allclose(own['img'].astype(int), tested['img'], atol=1)


def test_draws_stay_in_range():
    np.random.seed(0)
    transform = BottomupRandomAffineAlign((64, 64))
    zooms, angles = [], []
    for _ in range(200):
        matrix = transform(dict(img=np.zeros((60, 90, 3), np.uint8)))['warp_mat']
        zooms.append(64 / 60 / np.sqrt(np.linalg.det(matrix[:, :2])))
        angles.append(np.degrees(np.arctan2(matrix[0, 1], matrix[0, 0])))
        # The middle moves by whole pixels of the image.
        back = cv2.invertAffineTransform(matrix)
        shift = back @ (32, 32, 1) - (45, 30)
        assert np.abs(shift).max() <= 0.2 * 60 * zooms[-1] + 1e-4
        np.testing.assert_allclose(shift, np.round(shift), atol=1e-3)
    assert 0.75 <= min(zooms) < 0.8 and 1.45 < max(zooms) <= 1.5
    assert -30 <= min(angles) < -27 and 27 < max(angles) <= 30


def test_flip_of_an_oblong_input():
    """The white keypoints stay on their places."""
    transforms = [
        BottomupRandomAffineAlign((96, 64), scale_factor=(1, 1), rotate_factor=0, shift_factor=0),
        RandomFlip(direction='horizontal', prob=1.0),
    ]
    results = sample()
    for transform in transforms:
        results = transform(results)
    inside = 0
    for x, y in results['keypoints'][0]:
        if 3 < x < 92 and 3 < y < 60:
            inside += 1
            assert results['img'][round(y), round(x)].min() > 150
    assert inside > 0


def test_crops_show_keypoints():
    results = sample()
    results['keypoints'] = np.array([[[5.0, 5.0], [80.0, 50.0]], [[30.0, 20.0], [0.0, 0.0]]])
    results['keypoints_visible'] = np.array([[1, 1], [1, 0]])
    transform = BottomupRandomAffineAlign(
        (8, 8), scale_factor=(0.1, 0.1), shift_factor=0.4, rotate_factor=0, keypoint_prob=1
    )
    shown = []
    for _ in range(60):
        keypoints = transform(dict(results, img=results['img'].copy()))['keypoints']
        inside = ((keypoints > 0) & (keypoints < 7)).all(-1)
        assert inside.sum() == 1
        shown.append(inside)
    # Every labelled one and no other.
    assert (np.any(shown, axis=0) == results['keypoints_visible']).all()


def test_crops_of_nobody_are_at_the_centre():
    results = dict(sample(), keypoints_visible=np.zeros((1, 2)))
    still = dict(rotate_factor=0, shift_factor=0, scale_factor=(1, 1))
    expected = BottomupRandomAffineAlign((8, 8), **still)(dict(results))
    focused = BottomupRandomAffineAlign((8, 8), **still, keypoint_prob=1)(dict(results))
    assert (focused['warp_mat'] == expected['warp_mat']).all()


@pytest.mark.parametrize('input_size', [(16, 16), (32, 16), (16, 32)])
def test_nothing_beyond_the_border_shows(input_size):
    transform = BottomupRandomAffineAlign(
        input_size, (0.3, 0.9), rotate_factor=0, shift_factor=2, keep_inside=True
    )
    corners = np.array([[-0.5, -0.5], [89.5, 59.5]])  # of the image
    ends = set()
    for _ in range(30):
        matrix = transform(dict(sample(), img=np.zeros((60, 90, 3), np.uint8)))['warp_mat']
        first, last = corners @ matrix[:, :2].T + matrix[:, 2]
        seen_whole = np.array([90, 60]) * matrix[0, 0] <= input_size
        slack = 1 + matrix[0, 0]
        assert (seen_whole | (first < slack)).all()
        assert (seen_whole | (last > np.array(input_size) - 1 - slack)).all()
        ends.add(bool(first[0] > -slack))
    assert input_size == (32, 16) or ends == {True, False}


@pytest.mark.parametrize('border', [0, 128])
def test_border(border):
    results = sample()
    results['img'][:] = 255
    transform = BottomupRandomAffineAlign((64, 64), (2, 2), 0, 0, border=border)
    image = transform(results)['img']
    assert set(np.unique(image[[0, -1]])) == {border} and (image[32, 32] == 255).all()
