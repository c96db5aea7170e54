import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import litepose_mm.modules  # noqa: F401
from litepose_mm.codecs import MultiLevelAssociativeEmbedding
from litepose_mm.errors import LitePoseError
from litepose_mm.testing import synthetic_maps

LEVELS = [(32, 24), (64, 48)]


def codec(**options):
    return MultiLevelAssociativeEmbedding((128, 96), LEVELS, **options)


def test_a_mirrored_pixel_is_a_pixel_of_its_level():
    keypoints = np.array([[[50.9, 33.2]]])
    keypoints[..., 0] = 127 - keypoints[..., 0]  # as MMPose mirrors positions
    encoded = codec().encode(keypoints, flip=True)
    for (width, _), heatmaps in zip(LEVELS, encoded['heatmaps']):
        x = np.unravel_index(heatmaps[0].argmax(), heatmaps[0].shape)[1]
        assert x == int(width - 1 - 50.9 * width / 128)


def test_targets_of_one_keypoint():
    encoded = codec().encode(np.array([[[50.9, 33.2]]]))
    coarse, fine = encoded['heatmaps']
    assert coarse.shape == (1, 24, 32) and fine.shape == (1, 48, 64)
    assert coarse.dtype == fine.dtype == np.float32
    assert np.unravel_index(coarse[0].argmax(), (24, 32)) == (8, 12)  # truncated, not rounded
    assert np.unravel_index(fine[0].argmax(), (48, 64)) == (16, 25)
    y, x = np.mgrid[:48, :64]
    gaussian = np.exp(-((x - 25) ** 2 + (y - 16) ** 2) / (2 * 2**2))
    patch = (abs(x - 25) <= 7) & (abs(y - 16) <= 7)
    np.testing.assert_allclose(fine[0], gaussian * patch, atol=1e-7)
    assert encoded['keypoint_indices'].tolist() == [[[[8 * 32 + 12, 1]]]]
    assert encoded['keypoint_weights'].tolist() == [[1]]


def test_labels_decide_and_centres_outside_are_skipped():
    keypoints = np.array([[[5.0, 5.0], [-2.0, 5.0], [-5.0, 5.0], [128.0, 5.0], [9.0, 9.0]]])
    visible = np.array([[2, 1, 1, 1, 0]])
    encoded = codec().encode(keypoints, visible)
    drawn = [[bool(maps[k].any()) for k in range(5)] for maps in encoded['heatmaps']]
    # -2 input pixels are -0.5 at level 0, which truncates to 0, but -1 at level 1.
    assert drawn == [[True, True, False, False, False], [True, False, False, False, False]]
    assert encoded['keypoint_indices'][0, 0, :, 1].tolist() == [1, 1, 0, 0, 0]
    assert encoded['keypoint_weights'].tolist() == [[1, 1, 1, 1, 0]]


def test_tags_of_every_level_that_carries_them():
    encoded = codec(tag_levels=(True, True)).encode(np.array([[[50.9, 33.2]]]))
    assert encoded['keypoint_indices'][0, :, 0, 0].tolist() == [8 * 32 + 12, 16 * 64 + 25]


def test_sigma_for_each_level():
    coarse, fine = codec(sigma=(1, 3)).encode(np.array([[[64.0, 48.0]]]))['heatmaps']
    assert (coarse > 0).sum() == 9**2 and (fine > 0).sum() == 21**2


def test_mmposes_targets():
    encoded = codec(target='mmpose').encode(np.array([[[50.9, 33.2], [-8.0, 20.0]]]))
    coarse = encoded['heatmaps'][0]
    assert np.unravel_index(coarse[0].argmax(), (24, 32)) == (8, 13)  # rounded
    assert coarse[1].any()  # drawn though its centre is outside
    assert encoded['keypoint_indices'][0, 0, :, 1].tolist() == [1, 0]


def test_nobody():
    encoded = codec().encode(np.zeros((0, 14, 2)))
    assert [maps.shape for maps in encoded['heatmaps']] == [(14, 24, 32), (14, 48, 64)]
    assert not encoded['heatmaps'][0].any()
    assert encoded['keypoint_indices'].shape == (0, 1, 14, 2)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 6))
def test_decoding_gives_back_what_was_encoded(seed, num_people, num_keypoints):
    """People far enough apart are found again within the maps' resolution."""
    rng = np.random.default_rng(seed)
    cells = rng.permutation(4)[:num_people]
    corner = np.stack([cells % 2, cells // 2], axis=-1)[:, None] * (64, 48)
    keypoints = corner + rng.uniform((12, 12), (52, 36), (num_people, num_keypoints, 2))
    own = codec()
    encoded = own.encode(keypoints)
    coarse, fine = encoded['heatmaps']
    tags = np.zeros((num_keypoints, *coarse.shape[1:]), dtype=np.float32)
    for person, place in enumerate(cells):
        rows, columns = slice(12 * (place // 2), None), slice(16 * (place % 2), None)
        tags[:, rows, columns][:, :12, :16] = 3 * person
    found, values, scores, found_tags = (
        own.decode((fine, tags))
        if num_people == 0
        else (part[0] for part in own.batch_decode(fine[None], tags[None], size=(96, 128)))
    )
    assert len(found) == num_people
    assert (values > 0.9).all() and (scores > 0.9).all()
    order = np.round(found_tags[:, 0] / 3).astype(int)
    assert sorted(order) == list(range(num_people))
    # A pixel of the finest level is two of the input.
    assert np.abs(found - keypoints[order]).max() <= 2.01


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.permutations(range(3)))
def test_the_order_of_people_does_not_matter(seed, order):
    keypoints = np.random.default_rng(seed).uniform(-10, 140, (3, 4, 2))
    first, second = codec().encode(keypoints), codec().encode(keypoints[list(order)])
    for one, other in zip(first['heatmaps'], second['heatmaps']):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(
        first['keypoint_indices'][list(order)], second['keypoint_indices']
    )


def test_positions_are_in_pixels_of_the_input():
    maps = synthetic_maps(2, (96, 128), 4, seed=2)
    own = codec()
    at_maps = own.batch_decode(maps.heatmaps[None], maps.tags[None], input_size=(96, 128))
    at_input = own.batch_decode(maps.heatmaps[None], maps.tags[None], size=(96, 128))
    assert len(at_maps[0][0]) == len(at_input[0][0]) == 2
    assert np.abs(at_maps[0][0] - at_input[0][0]).max() < 4


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(tag_levels=(True,)), 'tag_levels'),
        (dict(target='coco'), 'target must be'),
        (dict(decode_offset='x'), 'offset must be'),
        (dict(decode_keypoint_order=[0, 2]), 'keypoint_order'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(LitePoseError, match=message):
        codec(**options)
