import numpy as np
import pytest

from litepose_mm.decoding import (
    AssociativeEmbeddingDecoder,
    DecodedPeople,
    decode_batch,
    to_input_pixels,
)
from litepose_mm.testing import synthetic_maps


@pytest.mark.parametrize(
    'offset, expected', [('litepose', (6, 12)), ('none', (6, 12)), ('udp', (6.5, 13))]
)
def test_positions_are_scaled_about_the_first_pixel(offset, expected):
    decoder = AssociativeEmbeddingDecoder(2, offset=offset)
    scores = np.array([[1, 0]], np.float32)
    found = DecodedPeople(np.float32([[[3, 4], [0, 0]]]), scores, scores[0, :1], scores[:, :1])
    own = to_input_pixels(decoder, found, (10, 20), (30, 40))
    np.testing.assert_array_equal(own.keypoints, [[expected, (0, 0)]])  # missing ones stay
    assert own.keypoints.dtype == np.float32
    np.testing.assert_array_equal(own.keypoint_scores, scores)


@pytest.mark.parametrize('size', [None, (96, 128)])
def test_a_batch_is_its_images(size):
    decoder = AssociativeEmbeddingDecoder(14)
    maps = [synthetic_maps(2, (96, 128), seed=seed) for seed in range(3)]
    batch = decode_batch(
        decoder,
        np.stack([m.heatmaps for m in maps]),
        np.stack([m.tags for m in maps]),
        size,
        (96, 128),
    )
    for own, each in zip(batch, maps, strict=True):
        expected = decoder.decode(each.heatmaps, each.tags, size)
        scale = 1 if size else 2
        assert len(own.scores) > 0
        np.testing.assert_array_equal(own.keypoints, scale * expected.keypoints)


def test_without_an_input_size_positions_are_of_the_size():
    decoder = AssociativeEmbeddingDecoder(14, offset='udp')
    maps = synthetic_maps(2, (96, 128))
    (own,) = decode_batch(decoder, maps.heatmaps[None], maps.tags[None])
    expected = decoder.decode(maps.heatmaps, maps.tags)
    np.testing.assert_array_equal(own.keypoints, expected.keypoints)
