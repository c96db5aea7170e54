import argparse

import pytest
from supernets import LARGEST

from litepose_mm.errors import LitePoseError
from litepose_mm.nas import LatencyTable, architecture_complexity
from litepose_mm.nas.limits import make_constraints, parse_limit


def test_costs_by_name():
    limits = [parse_limit('params=1e6'), parse_limit('paper_macs=2e9')]
    constraints = make_constraints(limits, num_keypoints=17)
    counted = architecture_complexity(LARGEST, 17)
    assert [(each.name, each.limit, each.cost(LARGEST)) for each in constraints] == [
        ('params', 1e6, counted.params),
        ('paper_macs', 2e9, counted.paper_macs),
    ]


@pytest.mark.parametrize('text', ['seconds=1', 'params', 'params=few'])
def test_other_limits_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match='expected'):
        parse_limit(text)


def test_latency_needs_a_table_of_as_many_keypoints(tmp_path):
    with pytest.raises(LitePoseError, match='latency needs --latency-table FILE'):
        make_constraints([('latency', 1.0)], 17)
    LatencyTable({}, num_keypoints=14).save(tmp_path / 'table.json')
    with pytest.raises(LitePoseError, match='networks for 14 keypoints, expected 17'):
        make_constraints([('latency', 1.0)], 17, tmp_path / 'table.json')
