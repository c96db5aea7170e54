import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from munkres import Munkres

from litepose_mm.decoding import assignment


def authors(distance, values, threshold):
    """The package ``munkres`` on the authors' cost and padding, always."""
    num_candidates, num_groups = distance.shape
    cost = np.round(distance) * 100 - values[:, None]
    if num_candidates > num_groups:
        cost = np.concatenate(
            [cost, np.full((num_candidates, num_candidates - num_groups), 1e10)], axis=1
        )
    groups = np.full(num_candidates, -1)
    for row, column in Munkres().compute(cost.tolist()):
        if column < num_groups and distance[row, column] < threshold:
            groups[row] = column
    return groups


@settings(deadline=None, max_examples=400)
@given(
    st.integers(0, 10**6),
    st.integers(1, 12),
    st.integers(1, 12),
    st.sampled_from([0.3, 1.0, 4.0, 1e7]),
    st.sampled_from([1, 0.1, 1e-9]),
)
def test_equals_munkres(seed, num_candidates, num_groups, spread, step):
    """With many equal costs, between which only the order of the algorithm decides."""
    rng = np.random.default_rng(seed)
    tags = rng.normal(0, spread, num_candidates)
    means = rng.normal(0, spread, num_groups)
    distance = np.abs(tags[:, None] - means)
    values = np.round(rng.uniform(0.1, 1, num_candidates) / step) * step
    for threshold in (1.0, 1e9):
        np.testing.assert_array_equal(
            assignment.assign(distance, values, threshold), authors(distance, values, threshold)
        )


@pytest.mark.parametrize('size', [30, 70])
def test_many_equal_costs(size):
    rng = np.random.default_rng(size)
    distance = rng.integers(0, 3, (size, size - 9)).astype(float)
    values = rng.integers(1, 4, size) / 4
    np.testing.assert_array_equal(
        assignment.assign(distance, values, 1.0), authors(distance, values, 1.0)
    )


def test_a_group_takes_one_candidate():
    groups = assignment.assign(np.zeros((3, 1)), np.array([0.2, 0.9, 0.5]), 1.0)
    assert groups.tolist() == [-1, 0, -1]


def test_the_threshold_is_exclusive():
    assert assignment.assign(np.array([[1.0]]), np.array([0.5]), 1.0).tolist() == [-1]
    assert assignment.assign(np.array([[0.99]]), np.array([0.5]), 1.0).tolist() == [0]


@pytest.mark.parametrize('size', [8, 20])
def test_clear_cases(size):
    rng = np.random.default_rng(0)
    tags = 2.0 * rng.permutation(size) + rng.normal(0, 0.05, size)
    means = 2.0 * np.arange(size)
    distance = np.abs(tags[:, None] - means)
    values = rng.uniform(0.1, 1, size)
    expected = np.round(tags / 2).astype(int)
    np.testing.assert_array_equal(assignment.assign(distance, values, 1.0), expected)
    # A false candidate far from everybody changes nothing for the others.
    distance = np.concatenate([distance, np.full((1, size), 50.0)])
    found = assignment.assign(distance, np.append(values, 0.3), 1.0)
    np.testing.assert_array_equal(found, np.append(expected, -1))
