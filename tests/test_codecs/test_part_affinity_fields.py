import msgspec
import numpy as np
import pytest
from part_affinity_people import STANDING, people_in

import litepose_mm.modules  # noqa: F401
from litepose_mm.codecs import PartAffinityFields
from litepose_mm.decoding.part_affinity import BODIES
from litepose_mm.errors import LitePoseError

LINE = dict(num_keypoints=2, parts=[[0], [1]], limbs=[[0, 1, 0]])


def codec(size=(64, 48), **options):
    return PartAffinityFields(size, [side // 8 for side in size], **options)


def test_a_gaussian_in_pixels_of_the_input():
    keypoints = np.array([[[27.5, 19.5], [500.0, 500.0]]])  # the middle of pixel (3, 2)
    encoded = codec(body=LINE).encode(keypoints)
    (heatmaps,) = encoded['heatmaps']
    assert heatmaps.shape == (3, 6, 8) and heatmaps.dtype == np.float32
    assert heatmaps[0, 2, 3] == 1
    np.testing.assert_allclose(heatmaps[0, 2, 4], np.exp(-(8**2) / (2 * 7**2)), rtol=1e-6)
    assert heatmaps[0, 2, 7] == 0  # below 0.01
    assert heatmaps[1].max() == 0
    np.testing.assert_array_equal(heatmaps[2], 1 - heatmaps[0])


def test_the_highest_gaussian_of_all_people_counts():
    keypoints = np.array([[[27.5, 19.5], [3.5, 3.5]], [[35.5, 19.5], [3.5, 3.5]]])
    both, one, other = (
        codec(body=LINE).encode(each)['heatmaps'][0]
        for each in (keypoints, keypoints[:1], keypoints[1:])
    )
    np.testing.assert_array_equal(both[:2], np.maximum(one, other)[:2])


def test_a_field_along_a_limb():
    keypoints = np.array([[[11.5, 19.5], [43.5, 19.5]]])  # from pixel (1, 2) to (5, 2)
    (fields,) = codec(body=LINE).encode(keypoints)['part_affinity_fields']
    assert fields.shape == (2, 6, 8) and (fields[1] == 0).all()
    expected = np.zeros((6, 8))
    expected[1:4, 1:6] = 1
    expected[2, [0, 6]] = 1  # one pixel before and after
    np.testing.assert_array_equal(fields[0], expected)


def test_fields_of_overlapping_limbs_are_averaged():
    keypoints = np.array([[[11.5, 19.5], [43.5, 19.5]], [[27.5, 3.5], [27.5, 35.5]]])
    (fields,) = codec(body=LINE).encode(keypoints)['part_affinity_fields']
    np.testing.assert_allclose(fields[:, 2, 3], [0.5, 0.5])
    np.testing.assert_allclose(fields[:, 2, 5], [1, 0])
    np.testing.assert_allclose(fields[:, 4, 3], [0, 1])


def test_unlabelled_keypoints():
    keypoints = people_in(180, [(100, 10)])
    visible = np.ones((1, 17))
    visible[0, 5] = 0
    encoded = codec((192, 192)).encode(keypoints, visible)
    missing = np.flatnonzero(encoded['heatmaps'][0].max((1, 2)) == 0)
    assert missing.tolist() == [1, 5]  # the neck, too
    fields = encoded['part_affinity_fields'][0].reshape(19, -1)
    missing = {limb.field for limb in BODIES['coco'].limbs if {limb.start, limb.end} & {1, 5}}
    assert set(np.flatnonzero(abs(fields).max(1) == 0)) == missing
    np.testing.assert_array_equal(encoded['keypoint_weights'], visible)


def test_a_fraction_is_the_height_of_a_gaussian():
    keypoints, visible = np.full((1, 2, 2), 27.5), np.array([[0.25, 1.0]])
    heatmaps = codec(body=LINE).encode(keypoints, visible)['heatmaps'][0]
    assert heatmaps[:2].max((1, 2)).tolist() == [0.25, 1.0]


def test_mirrored_targets():
    """Targets of a mirrored image are the mirrored targets."""
    keypoints = people_in(180, [(70, 10)])
    flip = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
    mirrored = keypoints[:, flip] * [-1, 1] + [191, 0]
    one, other = (codec((192, 192)).encode(each) for each in (keypoints, mirrored))
    body = BODIES['coco']
    parts = [*body.flipped_parts(flip), 18]
    np.testing.assert_allclose(other['heatmaps'][0], one['heatmaps'][0][parts, :, ::-1], atol=1e-5)
    fields, turned = (
        each['part_affinity_fields'][0].reshape(19, 2, 24, 24) for each in (one, other)
    )
    fields = fields[body.flipped_fields(flip), :, :, ::-1] * np.array([-1, 1])[:, None, None]
    np.testing.assert_allclose(turned, fields, atol=1e-5)


def test_another_size_for_one_image():
    keypoints = people_in(180, [(100, 10)])
    encoded = codec((192, 192)).encode(keypoints, aligned_size=(320, 192))
    assert encoded['heatmaps'][0].shape == (19, 24, 40)
    expected = codec((320, 192)).encode(keypoints)['heatmaps'][0]
    np.testing.assert_array_equal(encoded['heatmaps'][0], expected)


@pytest.mark.parametrize('body', BODIES)
def test_encoded_people_are_decoded(body):
    keypoints = people_in(220, [(110, 10), (250, 20)])
    if body == 'crowdpose':
        head, neck = STANDING[:1] - [0, 0.08], STANDING[5:7].mean(0, keepdims=True)
        standing = np.concatenate([STANDING[5:], head, neck])
        keypoints = np.array([(110, 10), (250, 20)])[:, None] + 220 * standing
    own = codec((384, 256), body=body, decode_offset=0.5)
    encoded = own.encode(keypoints)
    maps = encoded['heatmaps'][0], encoded['part_affinity_fields'][0]
    found, scores = own.decode(maps)
    order = np.argsort(found[:, 0, 0])
    np.testing.assert_allclose(found[order], keypoints, atol=2.5)
    # With this offset, positions in steps of 2 pixels are right on average.
    assert abs((found[order] - keypoints).mean((0, 1))).max() < 0.5
    assert (scores > 0.5).all()


def test_nobody():
    encoded = codec().encode(np.zeros((0, 17, 2)))
    assert encoded['heatmaps'][0][:-1].max() == 0 and encoded['heatmaps'][0][-1].min() == 1
    assert encoded['part_affinity_fields'][0].shape == (38, 6, 8)


def test_options_of_decoding():
    rules = codec(decode_upsample=8, decode_topk=7, decode_offset=1.0).decoder
    assert (rules.rules.upsample, rules.rules.top_k, rules.offset) == (8, 7, 1.0)
    assert codec(body=msgspec.to_builtins(BODIES['coco'])).body == BODIES['coco']


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(decode_upsample=3), '^decode_upsample: .* in 3$'),
        (dict(decode_keypoint_thr=0), '^decode_keypoint_thr: Expected .* > 0.0'),
        (dict(decode_topk=0), '^decode_topk: Expected .* >= 1'),
        (dict(decode_offset='udp'), "^decode_offset: Expected .* 'udp'"),
        (dict(sigma=0), '^sigma: Expected .* > 0.0, in 0$'),
        (dict(thickness=-1.0), '^thickness: Expected .* > 0.0'),
        (dict(thickness='a'), '^thickness: Expected `float`'),
        (dict(heatmap_size=46), '^heatmap_size: Expected `array`, got `int`, in 46$'),
        (dict(input_size=(64, 0)), '^input_size: Expected `int` >= 1'),
        (dict(body='mpii'), "got 'mpii'"),
        (dict(heatmap_size=(8, 5)), 'multiple of heatmap_size'),
    ],
)
def test_refuses(options, message):
    options = {'input_size': (64, 48), 'heatmap_size': (8, 6), **options}
    with pytest.raises(LitePoseError, match=message):
        PartAffinityFields(**options)


def test_keypoints_of_another_data_set():
    with pytest.raises(LitePoseError, match='expected 17 keypoints, .* got 14'):
        codec().encode(np.zeros((1, 14, 2)))
