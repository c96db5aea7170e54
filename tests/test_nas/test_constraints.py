import argparse

import pytest
from supernets import LARGEST, SPACE, build_supernet

from litepose_mm.errors import LitePoseError
from litepose_mm.nas import LatencyPredictor, NetworkCosts, search_spaces
from litepose_mm.nas.constraints import make_constraints, parse_limit


@pytest.fixture(scope='module')
def costs():
    return NetworkCosts(build_supernet())


def test_costs_by_name(costs, tmp_path):
    limits = [parse_limit('params=1e6'), parse_limit('paper_macs=2e9'), parse_limit('latency=8')]
    predictor = tmp_path / 'latency.json'
    LatencyPredictor((1.0, 0.0, 0.0, 2.0), SPACE.to_dict()).save(predictor)
    constraints = make_constraints(limits, costs, SPACE, predictor)
    counted = costs.complexity(LARGEST)
    assert [(each.name, each.limit, each.cost(LARGEST)) for each in constraints] == [
        ('params', 1e6, counted.params),
        ('paper_macs', 2e9, counted.paper_macs),
        ('latency', 8, pytest.approx(1e-6 * counted.macs + 2)),
    ]


@pytest.mark.parametrize('text', ['seconds=1', 'params', 'params=few'])
def test_other_limits_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match='expected'):
        parse_limit(text)


def test_latency_needs_a_predictor_of_the_space(costs, tmp_path):
    with pytest.raises(LitePoseError, match='--latency-predictor FILE'):
        make_constraints([('latency', 1.0)], costs, SPACE)
    predictor = tmp_path / 'latency.json'
    LatencyPredictor((1.0, 0.0, 0.0, 2.0), search_spaces()['litepose-xs'].to_dict()).save(predictor)
    with pytest.raises(LitePoseError, match='search space of this config'):
        make_constraints([('latency', 1.0)], costs, SPACE, predictor)
