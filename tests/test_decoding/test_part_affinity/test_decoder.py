import numpy as np
import pytest
from part_affinity_people import maps_of, people_in

from litepose_mm.decoding import BROKEN_OUTPUTS, Decoder, PartAffinity
from litepose_mm.errors import LitePoseError

PEOPLE = people_in(200, [(100, 20), (260, 40)])
SIZE = (384, 256)


@pytest.fixture(scope='module')
def example():
    codec, maps = maps_of(PEOPLE, SIZE, noise=0.01)
    return codec.decoder, maps


def test_people_in_input_pixels(example):
    decoder, maps = example
    (people,) = decoder.decode(maps, (256, 384), [None])
    assert people.keypoints.shape == (2, 17, 2) and people.keypoints.dtype == np.float32
    order = np.argsort(people.keypoints[:, 0, 0])
    np.testing.assert_allclose(people.keypoints[order], PEOPLE, atol=3)
    assert (people.keypoint_scores > 0.7).all() and (people.keypoint_scores < 1.1).all()
    assert ((people.scores > 0.8) & (people.scores < 1.05)).all()
    assert people.tags is None


def test_offset(example):
    decoder, maps = example
    moved = PartAffinity(rules=decoder.rules, stride=8, offset=1.0)
    one, other = (each.decode(maps, (256, 384), [None])[0].keypoints for each in (decoder, moved))
    np.testing.assert_allclose(other - one, 1, atol=1e-5)


def test_missing_keypoints_are_zero():
    visible = np.ones((2, 17))
    visible[0, [7, 9]] = 0  # an arm
    visible[1, 13:] = 0
    codec, maps = maps_of(PEOPLE, SIZE, visible)
    (people,) = codec.decoder.decode(maps, (256, 384), [None])
    order = np.argsort(people.keypoints[:, 0, 0])
    np.testing.assert_array_equal(people.keypoint_scores[order] > 0, visible > 0)
    missing = people.keypoint_scores == 0
    assert (people.keypoints[missing] == 0).all()


def test_more_of_a_person_has_a_higher_score():
    scores = []
    for count in (17, 12, 8):
        visible = np.arange(17)[None] < count
        codec, maps = maps_of(PEOPLE[:1], SIZE, visible)
        (people,) = codec.decoder.decode(maps, (256, 384), [None])
        scores += people.scores.tolist()
    assert scores == sorted(scores, reverse=True) and scores[0] > scores[-1]


def test_a_batch_and_nobody(example):
    decoder, maps = example
    nothing = [np.zeros_like(each) for each in maps]
    batch = [np.concatenate(pair) for pair in zip(maps, nothing, maps)]
    first, second, third = decoder.decode(batch, (256, 384), [None] * 3)
    assert len(first.keypoints) == 2
    for one, other in zip(first[:3], third[:3]):
        np.testing.assert_array_equal(one, other)
    assert second.keypoints.shape == (0, 17, 2) and second.keypoint_scores.shape == (0, 17)
    assert second.scores.shape == (0,)


def test_nobody_in_the_border(example):
    decoder, maps = example
    (people,) = decoder.decode(maps, (256, 384), [(0, 0, 190, 256)])
    assert len(people.keypoints) == 1 and people.keypoints[0, 0, 0] < 190


def test_broken_and_wrong_outputs(example):
    decoder, maps = example
    for index in range(2):
        broken = [each.copy() for each in maps]
        broken[index][0, 0, 3, 3] = np.nan
        with pytest.raises(LitePoseError, match=BROKEN_OUTPUTS):
            decoder.decode(broken, (256, 384), [None])
    with pytest.raises(LitePoseError, match=r'expected heatmaps and fields .* got \(1, 38,'):
        decoder.decode(maps[::-1], (256, 384), [None])


def test_in_cards(example):
    decoder, _ = example
    document = decoder.to_dict()
    assert document['kind'] == 'part_affinity' and Decoder.from_dict(document) == decoder
    document['rules']['upsample'] = 3
    with pytest.raises(LitePoseError, match='upsample'):
        Decoder.from_dict(document)
    document = decoder.to_dict()
    document['rules']['body']['limbs'][0][0] = 99
    with pytest.raises(LitePoseError, match='limbs: expected pairs'):
        Decoder.from_dict(document)


def test_panels(example):
    decoder, maps = example
    panels = decoder.panels(maps)
    assert set(panels) == set(decoder.panel_names)
    parts = decoder.rules.body.keypoint_parts
    np.testing.assert_array_equal(panels['heatmaps'].maps, maps[0][0][parts])
    lengths = panels['fields'].maps
    assert lengths.shape == (17, 32, 48) and 0.9 < lengths[7].max() < 1.2  # to the left elbow


def test_noise_everywhere_ends_soon(example):
    decoder, maps = example
    random = np.random.default_rng(0)
    noise = [random.normal(size=each.shape).astype(np.float32) for each in maps]
    (people,) = decoder.decode(noise, (256, 384), [None])
    assert np.isfinite(people.keypoints).all() and np.isfinite(people.scores).all()
