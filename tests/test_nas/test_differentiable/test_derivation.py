from itertools import product
from math import inf, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litepose_mm.errors import LitePoseError
from litepose_mm.nas.differentiable import OperationCosts, derive, draw


def make(seed, blocks, fixed=10.0):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 5, blocks)
    table = tuple(tuple(rng.uniform(0, 50, size).round(3).tolist()) for size in sizes)
    probabilities = [rng.dirichlet(np.ones(size)) for size in sizes]
    return probabilities, OperationCosts('macs', fixed, table, {}, (32, 32))


def probability(probabilities, choices):
    return prod(own[index] for own, index in zip(probabilities, choices))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.floats(0, 1))
def test_the_most_probable_network_under_a_limit(seed, blocks, share):
    probabilities, costs = make(seed, blocks)
    most = costs.fixed + sum(map(max, costs.table))
    limit = costs.least + share * (most - costs.least)
    found = derive(probabilities, costs, limit)
    assert costs.of(found) <= limit * (1 + 1e-12)
    # Costs are rounded up, by at most one step of the budget for each block.
    tighter = limit - blocks * (limit - costs.least) / 4096
    best = max(
        (
            probability(probabilities, each)
            for each in product(*(range(len(row)) for row in costs.table))
            if costs.of(each) <= tighter
        ),
        default=0,
    )
    assert probability(probabilities, found) >= best * (1 - 1e-9)


def test_without_a_limit_each_block_has_its_most_probable_operation():
    probabilities, costs = make(0, 6)
    expected = tuple(int(np.argmax(own)) for own in probabilities)
    assert derive(probabilities, costs) == derive(probabilities, costs, inf) == expected


def test_at_the_least_limit_only_the_cheapest_network_remains():
    probabilities, costs = make(3, 6)
    cheapest = tuple(int(np.argmin(row)) for row in costs.table)
    assert derive(probabilities, costs, costs.least) == cheapest


def test_drawn_networks_differ_and_meet_the_limit():
    probabilities, costs = make(1, 6)
    limit = (costs.least + costs.fixed + sum(map(max, costs.table))) / 2
    found = draw(probabilities, costs, 5, np.random.default_rng(0), limit)
    assert len(set(found)) == 5 and max(map(costs.of, found)) <= limit
    assert found == draw(probabilities, costs, 5, np.random.default_rng(0), limit)


def test_too_many_networks():
    costs = OperationCosts('macs', 1.0, ((1.0, 2.0),), {}, (32, 32))
    with pytest.raises(LitePoseError, match='expected 3 different networks, got 2 in 3000 samples'):
        draw([np.array([0.5, 0.5])], costs, 3, np.random.default_rng(0))
