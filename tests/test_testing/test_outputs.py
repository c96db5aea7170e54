"""Outputs with people: every kind of decoder finds them, whatever the network outputs."""

import numpy as np
import pytest
from networks import write_config
from toy_family import ToyAffinity

from litepose_mm import PoseEstimator
from litepose_mm.analysis.timing import time_stages
from litepose_mm.decoding import (
    AssociativeEmbedding,
    AssociativeEmbeddingCandidates,
    AssociativeEmbeddingDecoder,
    PartAffinity,
    SimCC,
    SinglePerson,
    for_candidates,
)
from litepose_mm.decoding.part_affinity import BODIES, PartAffinityRules
from litepose_mm.testing import outputs_with_people, stages_with_people

RULES = AssociativeEmbeddingDecoder(num_keypoints=14)
DECODERS = [
    AssociativeEmbedding(rules=RULES, stride=2, tag_dim=1),
    AssociativeEmbedding(rules=RULES, stride=2, tag_dim=2),
    AssociativeEmbedding(rules=RULES, stride=4, tag_dim=1),
    AssociativeEmbeddingCandidates(rules=for_candidates(RULES), stride=2, tag_dim=2),
    SinglePerson(num_keypoints=17, stride=4),
    SimCC(num_keypoints=17, split_ratio=2.0),
    *(PartAffinity(rules=PartAffinityRules(body=BODIES[name]), stride=8) for name in BODIES),
]


@pytest.mark.parametrize('decoder', DECODERS, ids=lambda decoder: decoder.kind())
@pytest.mark.parametrize('num_people', [1, 5])
def test_the_decoder_finds_the_people(decoder, num_people):
    shape_hw = (192, 256)
    outputs = outputs_with_people(decoder, num_people, shape_hw)
    batch = num_people if isinstance(decoder, (SinglePerson, SimCC)) else 1
    for output, expected in zip(outputs, decoder.output_shapes(batch, shape_hw), strict=True):
        assert output.dtype == np.float32
        assert all(b in (None, a) for a, b in zip(output.shape, expected, strict=True))
    found = decoder.decode(outputs, shape_hw, [None] * batch)
    assert sum(len(each.keypoints) for each in found) == num_people
    keypoints = np.concatenate([each.keypoints for each in found])
    assert (keypoints >= 0).all() and (keypoints <= shape_hw[::-1]).all()


def test_candidates_are_those_of_the_maps():
    whole, picked = DECODERS[1], DECODERS[3]
    for people in (1, 3):
        (expected,), (found,) = (
            decoder.decode(outputs_with_people(decoder, people, (192, 256)), (192, 256), [None])
            for decoder in (whole, picked)
        )
        # The maps are searched at the input's resolution, so peaks may be a pixel of theirs away.
        seen = found.keypoint_scores > 0
        apart = np.abs(found.keypoints - expected.keypoints)[seen]
        assert apart.max() < 2


def test_other_decoders_have_none():
    assert outputs_with_people(ToyAffinity(), 2, (64, 64)) is None


@pytest.mark.filterwarnings('ignore:.*network is random')
def test_a_random_network_is_timed_with_people(tmp_path):
    estimator = PoseEstimator(write_config(tmp_path / 'tiny.py'), device='cpu')
    image = np.zeros((80, 64, 3), np.uint8)
    stages = stages_with_people('tiny', estimator, 2)
    _, people = time_stages([stages], [image, image[:64]], rounds=1)
    assert people.tolist() == [[2, 2]]
