"""The decoders of top-down networks place keypoints where MMPose's codecs do."""

import numpy as np
import pytest
from mmpose.codecs import MSRAHeatmap, SimCCLabel, UDPHeatmap

from litepose_mm.decoding import Decoder, SimCC, SinglePerson
from litepose_mm.errors import LitePoseError

SIZE_WH = (96, 128)
HEATMAP = dict(input_size=SIZE_WH, heatmap_size=(24, 32), sigma=2)
HEATMAP_CODECS = {
    'quarter': MSRAHeatmap(**HEATMAP),
    'dark': MSRAHeatmap(**HEATMAP, unbiased=True),
    'udp': UDPHeatmap(**HEATMAP),
}


def people(count, seed=0):
    """Keypoints on the input, also at its borders, of which the last is outside."""
    low, high = (0, 0), (SIZE_WH[0] - 1, SIZE_WH[1] - 1)
    keypoints = np.random.default_rng(seed).uniform(low, high, (count, 9, 2))
    keypoints[:, :4] = [low, high, (0, high[1]), (1.4, 60)]
    keypoints[:, -1] = -500
    return keypoints.astype(np.float32)


def noisy(maps, seed=0):
    noise = np.random.default_rng(seed).normal(0, 0.02, maps.shape)
    return np.where(maps.any((2, 3), keepdims=True), maps + noise, 0).astype(np.float32)


def heatmaps_of(codec, keypoints):
    maps = [codec.encode(each[None], np.ones((1, len(each))))['heatmaps'] for each in keypoints]
    return noisy(np.stack(maps))


@pytest.mark.parametrize('refinement', HEATMAP_CODECS)
def test_heatmaps(refinement):
    codec, keypoints = HEATMAP_CODECS[refinement], people(3)
    heatmaps = heatmaps_of(codec, keypoints)
    decoder = SinglePerson(num_keypoints=9, stride=4, refinement=refinement)
    assert decoder == Decoder.from_dict(decoder.to_dict())
    assert [heatmaps.shape] == list(decoder.output_shapes(3, SIZE_WH[::-1]))
    before = heatmaps.copy()
    found = decoder.decode([heatmaps], SIZE_WH[::-1], [None] * 3)
    np.testing.assert_array_equal(heatmaps, before)
    for own, maps, truth in zip(found, heatmaps, keypoints, strict=True):
        # MMPose cannot place what it cannot find: that heatmap is nowhere above 0.
        expected, scores = codec.decode(maps[:-1])
        np.testing.assert_allclose(own.keypoints[:, :-1], expected, atol=1e-4)
        np.testing.assert_allclose(own.keypoint_scores[:, :-1], scores, atol=1e-6)
        assert not own.keypoints[0, -1].any() and own.keypoint_scores[0, -1] == 0
        assert own.scores == pytest.approx(own.keypoint_scores.mean())
        apart = np.abs(own.keypoints[0, 4:-1] - truth[4:-1])
        assert np.median(apart) < {'quarter': 2.5, 'dark': 0.5, 'udp': 1}[refinement]


@pytest.mark.parametrize('use_dark', [False, True])
@pytest.mark.parametrize('sigma', [(4.9, 5.66), 3.0])
def test_simcc(use_dark, sigma):
    codec = SimCCLabel(input_size=SIZE_WH, sigma=sigma, simcc_split_ratio=2.0, use_dark=use_dark)
    keypoints, random = people(3), np.random.default_rng(0)
    vectors = []
    for axis in 'xy':
        own = [codec.encode(each[None])[f'keypoint_{axis}_labels'][0] for each in keypoints]
        vectors.append(np.stack(own) + random.normal(0, 0.002, np.shape(own)))
    x, y = (each.astype(np.float32) for each in vectors)
    x[:, -1], y[0, -2] = -0.1, -0.1  # nowhere above 0
    kernels = {(4.9, 5.66): (29, 35), 3.0: (17, 17)}[sigma] if use_dark else None
    decoder = SimCC(num_keypoints=9, split_ratio=2.0, blur_kernels=kernels)
    assert decoder == Decoder.from_dict(decoder.to_dict())
    assert (x.shape, y.shape) == decoder.output_shapes(3, SIZE_WH[::-1])
    found = decoder.decode([x, y], SIZE_WH[::-1], [None] * 3)
    expected, scores = codec.decode(x.copy(), y.copy())
    for own, other, value in zip(found, expected, scores, strict=True):
        seen = value > 0
        assert 7 <= seen.sum() <= 8
        np.testing.assert_allclose(own.keypoints[0, seen], other[seen], atol=1e-4)
        np.testing.assert_allclose(own.keypoint_scores[0], value.clip(min=0), atol=1e-6)
        assert not own.keypoints[0, ~seen].any()


def test_flat_maps_stay_where_they_are():
    flat = np.full((1, 2, 32, 24), 0.5, np.float32)
    for refinement in ('dark', 'udp'):
        decoder = SinglePerson(num_keypoints=2, stride=4, refinement=refinement)
        (found,) = decoder.decode([flat], (128, 96), [None])
        assert np.isfinite(found.keypoints).all()


@pytest.mark.parametrize(
    'decoder, names',
    [
        (SinglePerson(num_keypoints=2, stride=4), 1),
        (SimCC(num_keypoints=2, split_ratio=2.0, blur_kernels=(3, 3)), 2),
    ],
)
def test_broken_outputs_are_refused(decoder, names):
    outputs = [np.zeros(shape, np.float32) for shape in decoder.output_shapes(1, (128, 96))]
    outputs[-1][0, 0, 5] = np.nan
    with pytest.raises(LitePoseError, match='infinite or undefined'):
        decoder.decode(outputs, (128, 96), [None])


def test_even_kernels_are_refused():
    for make in (
        lambda: SinglePerson(num_keypoints=2, stride=4, blur_kernel=10),
        lambda: SimCC(num_keypoints=2, split_ratio=2.0, blur_kernels=(3, 4)),
    ):
        with pytest.raises(LitePoseError, match='expected an odd number'):
            make()
