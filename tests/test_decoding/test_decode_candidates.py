"""Candidates give the people of whole maps, as far as candidates can."""

import numpy as np
import pytest
from msgspec.structs import replace

from litepose_mm.decoding import (
    AssociativeEmbeddingDecoder,
    BilinearMaps,
    decode_candidates,
    find_peaks,
)
from litepose_mm.decoding.refine import quarter_offsets
from litepose_mm.errors import LitePoseError
from litepose_mm.testing import synthetic_maps

DECODER = AssociativeEmbeddingDecoder(14, missing='none')


def candidates(heatmaps, tags, count=30):
    """As a graph picks them at the heatmaps' size; 0 where there are fewer peaks."""
    joints = len(heatmaps)
    view = BilinearMaps(heatmaps, heatmaps.shape[1:])
    tag_view = BilinearMaps(tags, heatmaps.shape[1:])
    values = np.zeros((joints, count), np.float32)
    positions = np.zeros((joints, count, 2), np.float32)
    own_tags = np.zeros((joints, count, len(tags) // joints), np.float32)
    for keypoint, peaks in enumerate(find_peaks(view, 0.01, 5, count)):
        number = len(peaks.values)
        channel = np.full(number, keypoint)
        place = np.stack([peaks.x, peaks.y], -1)
        values[keypoint, :number] = peaks.values
        positions[keypoint, :number] = place + quarter_offsets(view, channel, peaks.y, peaks.x)
        for dim in range(own_tags.shape[2]):
            own = tag_view.at(channel + dim * joints, peaks.y, peaks.x)
            own_tags[keypoint, :number, dim] = own
    return values, positions, own_tags


@pytest.mark.parametrize('offset', ['litepose', 'udp', 'none'])
@pytest.mark.parametrize('people, tag_dim, limit', [(5, 1, 'litepose'), (8, 2, 'mmpose')])
def test_people_of_whole_maps(offset, people, tag_dim, limit):
    maps = synthetic_maps(people, (192, 256), tag_dim=tag_dim, seed=people)
    decoder = replace(DECODER, offset=offset, limit=limit, max_people=6)
    expected = decoder.decode(maps.heatmaps, maps.tags)
    own = decode_candidates(decoder, *candidates(maps.heatmaps, maps.tags))
    assert len(own.scores) >= min(people, 6)
    for mine, theirs in zip(own, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_fewer_candidates_than_the_graph_gives():
    maps = synthetic_maps(5, (192, 256))
    decoder = replace(DECODER, top_k=2)
    expected = decoder.decode(maps.heatmaps, maps.tags)
    own = decode_candidates(decoder, *candidates(maps.heatmaps, maps.tags))
    np.testing.assert_array_equal(own.keypoints, expected.keypoints)


def test_nobody():
    own = decode_candidates(DECODER, np.zeros((14, 9)), np.zeros((14, 9, 2)), np.zeros((14, 9, 2)))
    assert own.keypoints.shape == (0, 14, 2) and own.tags.shape == (0, 2) and len(own.scores) == 0


def test_refuses_rules_that_need_maps():
    own = np.zeros((14, 9), np.float32), np.zeros((14, 9, 2)), np.zeros((14, 9, 1))
    with pytest.raises(LitePoseError, match="got missing='litepose'"):
        decode_candidates(replace(DECODER, missing='litepose'), *own)
    with pytest.raises(LitePoseError, match="got 'mmpose', which needs whole maps"):
        decode_candidates(replace(DECODER, offset='mmpose'), *own)


def test_refuses_shapes():
    values, positions, tags = np.zeros((14, 9)), np.zeros((14, 9, 2)), np.zeros((14, 9, 1))
    for wrong in (
        (values[:13], positions[:13], tags[:13]),
        (values, positions[..., :1], tags),
        (values, positions, tags[:, :8]),
        (values[None], positions, tags),
    ):
        with pytest.raises(LitePoseError, match=r'expected candidates \(14, M\), their positions'):
            decode_candidates(DECODER, *wrong)


@pytest.mark.parametrize('bad', [np.nan, np.inf])
@pytest.mark.parametrize('part', [0, 2])
def test_refuses_broken_numbers(bad, part):
    own = [np.ones((14, 9)), np.zeros((14, 9, 2)), np.zeros((14, 9, 1))]
    own[part][3, 4] = bad
    with pytest.raises(LitePoseError, match='infinite or undefined numbers'):
        decode_candidates(DECODER, *own)
