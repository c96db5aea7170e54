import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litepose_mm.decoding import Candidates, default_keypoint_order
from litepose_mm.decoding.compiled import group_by_tags
from litepose_mm.testing import reference

pytestmark = pytest.mark.usefixtures('decoding')


def candidates(*keypoints):
    """Each keypoint a list of (value, tag, x, y)."""
    return [
        Candidates(
            np.array([c[0] for c in rows], dtype=np.float32),
            np.array([[c[1]] for c in rows], dtype=np.float32).reshape(-1, 1),
            np.array([c[2:] for c in rows], dtype=np.float32).reshape(-1, 2),
        )
        for rows in keypoints
    ]


@pytest.mark.parametrize(
    'num_keypoints, order',
    [
        (14, [0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13]),
        (17, [0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13, 14, 15, 16]),
        (3, [0, 1, 2]),
        (19, [0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18]),
    ],
)
def test_default_order(num_keypoints, order):
    assert list(default_keypoint_order(num_keypoints)) == order


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 2), st.sampled_from([1, 2, 30]))
def test_equals_the_authors_procedure(seed, num_people, tag_dim, max_match):
    rng = np.random.default_rng(seed)
    num_keypoints, most = 5, 6
    value = np.zeros((num_keypoints, most), dtype=np.float32)
    tag = np.zeros((num_keypoints, most, tag_dim), dtype=np.float32)
    location = rng.integers(0, 50, (num_keypoints, most, 2))
    for joint in range(num_keypoints):
        people = rng.permutation(num_people)[: rng.integers(0, num_people + 1)]
        value[joint, : len(people)] = rng.uniform(0.05, 1, len(people))
        tag[joint, : len(people)] = rng.normal(1.3 * people[:, None], 0.3, (len(people), tag_dim))
    order = [2, 0, 1, 4, 3]
    expected = reference.group(value, tag, location, order, max_people=max_match)
    found = [
        Candidates(v[v > 0.1], t[v > 0.1], xy[v > 0.1]) for v, t, xy in zip(value, tag, location)
    ]
    groups = group_by_tags(found, order, 1.0, max_match)
    np.testing.assert_array_equal(groups.positions, expected[..., :2])
    np.testing.assert_array_equal(groups.values, expected[..., 2])
    np.testing.assert_array_equal(groups.tags, expected[..., 3:])


def test_equal_tags_are_one_person():
    groups = group_by_tags(candidates([(0.9, 2.0, 1, 1), (0.8, 2.0, 5, 5)], []), [0, 1])
    assert groups.values.tolist() == [[pytest.approx(0.8), 0]]


def test_later_candidates_join_only_the_first_people():
    keypoints = candidates(
        [(0.9, 0.0, 1, 1), (0.8, 5.0, 9, 9)], [(0.7, 0.1, 2, 2), (0.6, 5.1, 8, 8)]
    )
    assert len(group_by_tags(keypoints, [0, 1]).values) == 2
    limited = group_by_tags(keypoints, [0, 1], max_match=1)
    assert len(limited.values) == 3  # the second person's keypoint starts a third


def test_nobody():
    groups = group_by_tags(candidates([], [], []), [2, 1, 0])
    assert groups.positions.shape == (0, 3, 2)
    assert groups.tags.shape == (0, 3, 1)
