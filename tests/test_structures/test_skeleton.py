"""Skeleton: what it accepts, what it refuses and how, and that it survives JSON."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pose_builders import make_skeleton

from litepose_mm import LitePoseError, Skeleton


@pytest.mark.parametrize(
    'changes, message',
    [
        ({'name': 7}, 'got 7'),
        ({'keypoint_names': ()}, 'keypoint_names'),
        ({'keypoint_names': 'abc'}, 'keypoint_names'),
        ({'keypoint_names': ('head', '', 'x')}, 'keypoint_names'),
        ({'keypoint_names': ('head', 'hand', 'hand')}, "'hand' more than once"),
        ({'links': ((0, 3),)}, 'from 0 to 2, got 3'),
        ({'links': ((0, -1),)}, 'from 0 to 2, got -1'),
        ({'links': ((0, 1.0),)}, 'from 0 to 2, got 1.0'),
        ({'links': ((1, 1),)}, 'two different'),
        ({'links': ((0, 1, 2),)}, 'pairs'),
        ({'links': (5,)}, 'expected keypoint indices, got 5'),
        ({'flip_indices': (0, 1)}, 'expected 3, .*got 2'),
        ({'flip_indices': (1, 2, 0)}, '0 -> 1 -> 2'),
        ({'flip_indices': (0, 1, 7)}, 'from 0 to 2, got 7'),
        ({'sigmas': (1, 2)}, 'expected 3 numbers'),
        ({'sigmas': (1, 0, 1)}, 'positive numbers, got 0'),
        ({'sigmas': (1, np.nan, 1)}, 'positive numbers'),
        ({'sigmas': ('a', 'b', 'c')}, 'expected numbers'),
        ({'keypoint_colors': ((0, 0, 0),)}, r'the shape \(3, 3\), got \(1, 3\)'),
        ({'keypoint_colors': ((0, 0, 256),) * 3}, 'from 0 to 255'),
        ({'link_colors': ((0, 0, 0.5),) * 2}, 'whole numbers'),
        ({'link_colors': ((0, 0, 0),) * 3}, r'the shape \(2, 3\)'),
    ],
)
def test_refuses_what_does_not_fit(changes, message):
    with pytest.raises(LitePoseError, match=message) as caught:
        make_skeleton(**changes)
    assert '\n' not in str(caught.value)


def test_fills_in_colors_and_allows_no_links():
    skeleton = make_skeleton(links=(), keypoint_colors=None, link_colors=None)
    assert skeleton.keypoint_colors.shape == (3, 3)
    assert skeleton.link_colors.shape == (0, 3)
    assert make_skeleton(links=(), link_colors=[]).link_colors.dtype == np.uint8


def test_is_a_value():
    skeleton = make_skeleton()
    assert skeleton == make_skeleton() == pickle.loads(pickle.dumps(skeleton))
    assert hash(skeleton) == hash(make_skeleton())
    assert skeleton != make_skeleton(sigmas=(0.03, 0.05, 0.06))
    assert skeleton != 'mini'
    with pytest.raises(AttributeError):
        skeleton.name = 'other'
    with pytest.raises(ValueError):
        skeleton.sigmas[0] = 1


@given(
    pairs=st.integers(0, 4),
    singles=st.integers(0, 4),
    seed=st.integers(0, 2**32 - 1),
)
def test_survives_json(pairs, singles, seed):
    count = max(1, 2 * pairs + singles)
    rng = np.random.default_rng(seed)
    order, flip = rng.permutation(count), np.arange(count)
    for a, b in order[: count // 2 * 2].reshape(-1, 2)[:pairs]:
        flip[a], flip[b] = b, a
    links = [link for link in rng.integers(0, count, (5, 2)).tolist() if link[0] != link[1]]
    skeleton = Skeleton(
        name='any',
        keypoint_names=[f'joint {index}' for index in range(count)],
        links=links,
        flip_indices=flip,
        sigmas=rng.uniform(1e-3, 1, count),
        keypoint_colors=rng.integers(0, 256, (count, 3)),
        link_colors=rng.integers(0, 256, (len(links), 3)),
    )
    again = Skeleton.from_dict(json.loads(json.dumps(skeleton.to_dict())))
    assert again == skeleton
    np.testing.assert_array_equal(again.sigmas, skeleton.sigmas)


def test_sigmas_are_written_short():
    assert make_skeleton().to_dict()['sigmas'] == [0.03, 0.05, 0.05]


@pytest.mark.parametrize('document', [{'name': 'x'}, {'surprise': 1}])
def test_from_dict_refuses_other_documents(document):
    with pytest.raises(LitePoseError, match='to_dict'):
        Skeleton.from_dict(document)


METAINFO = {
    'dataset_name': 'mini',
    'num_keypoints': 3,
    'keypoint_id2name': {0: 'head', 1: 'left_hand', 2: 'right_hand'},
    'keypoint_name2id': {'head': 0, 'left_hand': 1, 'right_hand': 2},
    'flip_indices': [0, 2, 1],
    'skeleton_links': [(0, 1), (0, 2)],
    'dataset_keypoint_weights': np.ones(3, np.float32),
    'sigmas': np.array([0.03, 0.05, 0.05], np.float32),
    'keypoint_colors': np.array([[51, 153, 255], [0, 255, 0], [255, 128, 0]], np.uint8),
    'skeleton_link_colors': np.array([[0, 255, 0], [255, 128, 0]], np.uint8),
}


def test_from_metainfo():
    assert Skeleton.from_metainfo(METAINFO) == make_skeleton()


@pytest.mark.parametrize('missing', ['keypoint_id2name', 'sigmas', 'dataset_name'])
def test_from_metainfo_says_what_is_missing(missing):
    metainfo = {key: value for key, value in METAINFO.items() if key != missing}
    with pytest.raises(LitePoseError, match=missing):
        Skeleton.from_metainfo(metainfo)


def test_from_metainfo_refuses_other_kinds():
    with pytest.raises(LitePoseError, match='parse_pose_metainfo'):
        Skeleton.from_metainfo(None)
