import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmpose.codecs.utils import generate_gaussian_heatmaps

import litepose_mm.modules  # noqa: F401
from litepose_mm.codecs import MultiLevelAssociativeEmbedding
from litepose_mm.errors import LitePoseError
from litepose_mm.models.heads.multilevel_ae_head import resize_maps
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


def test_targets_of_another_size():
    """As those of a codec of that size; a sample says so, a batch of its own."""
    keypoints = np.random.default_rng(0).uniform(0, 96, (3, 14, 2))
    other = MultiLevelAssociativeEmbedding((192, 96), [(48, 24), (96, 48)])
    own = codec().encode(keypoints, aligned_size=(192, 96))
    expected = other.encode(keypoints)
    for name in ('heatmaps', 'keypoint_indices', 'keypoint_weights'):
        for one, two in zip(own[name], expected[name]):
            np.testing.assert_array_equal(one, two)


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


def test_mmposes_heatmaps():
    keypoints = np.random.default_rng(0).uniform(-20, 150, (4, 6, 2))
    visible = np.ones((4, 6), dtype=np.float32)
    own = codec(target='mmpose').encode(keypoints, visible)['heatmaps'][1]
    expected, _ = generate_gaussian_heatmaps((64, 48), keypoints / 2, visible, 2.0)
    np.testing.assert_allclose(own, expected, atol=1e-6)


def mirrored(keypoints, width):
    """As MMPose's RandomFlip does."""
    return np.stack([width - 1 - keypoints[..., 0], keypoints[..., 1]], axis=-1)


def decoding_errors(rule, size, strides, flip):
    """Errors ``(M, 2)`` in pixels of the input of people that a perfect network would see."""
    width, height = size
    own = MultiLevelAssociativeEmbedding(
        size,
        [(width // stride, height // stride) for stride in strides],
        tag_levels=[True] + [False] * (len(strides) - 1),
        target=rule,
    )
    keypoints = np.random.default_rng(0).uniform((40, 40), (width - 40, height - 40), (1, 400, 2))
    drawn = mirrored(keypoints, width) if flip else keypoints
    levels = [torch.from_numpy(maps)[None] for maps in own.encode(drawn, flip=flip)['heatmaps']]
    heatmaps = sum(resize_maps(maps, levels[-1].shape[2:]) for maps in levels) / len(levels)
    heatmaps = heatmaps.flip(-1) if flip else heatmaps
    tags = np.zeros((1, *keypoints.shape[1:2], height // strides[0], width // strides[0]))
    found = own.batch_decode(heatmaps, tags, decode_hw=(height, width))[0][0]
    return found[0] - keypoints[0]


@pytest.mark.parametrize('flip', [False, True])
@pytest.mark.parametrize('size', [(128, 128), (192, 128)])
@pytest.mark.parametrize('strides', [(4, 2), (8, 4, 2)])
def test_udp_is_unbiased(size, strides, flip):
    errors = decoding_errors('udp', size, strides, flip)
    assert np.abs(errors.mean(0)).max() < 0.03
    assert np.abs(errors).mean() < 0.14 and np.abs(errors).max() < 0.4


@pytest.mark.parametrize(
    'rule, flip, bias, error',
    [
        ('litepose', False, (0, 0), 0.53),
        ('litepose', True, (2.5, 0), 1.5),
        ('mmpose', False, (1.25, 1.25), 1.25),
        ('mmpose', True, (-0.25, 1.25), 0.85),
    ],
)
def test_what_udp_removes(rule, flip, bias, error):
    """The figures of the documentation, for a level of stride 4 and one of stride 2."""
    errors = decoding_errors(rule, (192, 128), (4, 2), flip)
    np.testing.assert_allclose(errors.mean(0), bias, atol=0.1)
    assert np.abs(errors).mean() == pytest.approx(error, abs=0.1)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(0, 4))
def test_udp_of_a_mirrored_image_is_mirrored(seed, num_people):
    keypoints = np.random.default_rng(seed).uniform(-20, 150, (num_people, 5, 2))
    own = codec(target='udp', tag_levels=(True, True))
    one, other = own.encode(keypoints), own.encode(mirrored(keypoints, 128), flip=True)
    for left, right in zip(one['heatmaps'], other['heatmaps']):
        np.testing.assert_allclose(left, right[..., ::-1], atol=1e-6)
    for level, (width, _) in enumerate(LEVELS):
        (left, seen), (right, also) = (
            np.moveaxis(encoded['keypoint_indices'][:, level], -1, 0) for encoded in (one, other)
        )
        np.testing.assert_array_equal(seen, also)
        mirror = left - left % width + width - 1 - left % width
        np.testing.assert_array_equal(mirror[seen > 0], right[seen > 0])


def test_udp_decodes_half_a_pixel_before_the_authors():
    maps = synthetic_maps(2, (96, 128), 4, missing=0.3, seed=2)
    authors, udp = codec(), codec(target='udp')
    for size, input_size, shift in (((96, 128), None, 0.5), (None, (96, 128), 0.5)):
        one, other = (
            c.batch_decode(maps.heatmaps[None], maps.tags[None], size, input_size)
            for c in (authors, udp)
        )
        found = one[1][0] > 0
        np.testing.assert_allclose(one[0][0][found] - shift, other[0][0][found], atol=1e-5)
    # Missing keypoints stay at (0, 0) at any scale.
    none = codec(target='udp', decode_missing='none').batch_decode(
        maps.heatmaps[None], maps.tags[None], None, (96, 128)
    )
    assert (none[1][0] == 0).any() and not none[0][0][none[1][0] == 0].any()


@pytest.mark.parametrize('options', [{}, dict(target='udp')])
def test_nobody(options):
    encoded = codec(**options).encode(np.zeros((0, 14, 2)))
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
        else (part[0] for part in own.batch_decode(fine[None], tags[None], decode_hw=(96, 128)))
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
    at_maps = own.batch_decode(maps.heatmaps[None], maps.tags[None], input_hw=(96, 128))
    at_input = own.batch_decode(maps.heatmaps[None], maps.tags[None], decode_hw=(96, 128))
    assert len(at_maps[0][0]) == len(at_input[0][0]) == 2
    assert np.abs(at_maps[0][0] - at_input[0][0]).max() < 4


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(tag_levels=(True,)), 'tag_levels'),
        (dict(sigma=-1), '^sigma: Expected .* > 0.0'),
        (dict(sigma=(2.0, 0)), '^sigma: Expected .* > 0.0'),
        (dict(sigma=(2.0,)), 'an entry of sigma for each of 2 levels'),
        (dict(target='coco'), 'target must be'),
        (dict(decode_offset='x'), 'offset must be'),
        (dict(decode_keypoint_order=[0, 2]), 'keypoint_order'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(LitePoseError, match=message):
        codec(**options)


def test_bad_sizes():
    with pytest.raises(LitePoseError, match='^heatmap_sizes: Expected `array`, got `int`'):
        MultiLevelAssociativeEmbedding((128, 96), [32, 64])
