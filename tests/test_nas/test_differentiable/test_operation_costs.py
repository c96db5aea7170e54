import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.models import build_pose_estimator
from searches import SPACE, search_config, search_model

from litepose_mm.analysis.complexity import Complexity, measure_complexity
from litepose_mm.errors import LitePoseError
from litepose_mm.nas import get_search_space, subnet_config
from litepose_mm.nas.differentiable import OperationCosts, derive, draw

SIZE = (32, 48)


@pytest.fixture(scope='module')
def model():
    return search_model().eval()


def drawn(model, count=6):
    rng = np.random.default_rng(0)
    uniform = [np.ones(len(block.settings)) for block in model.mixed_blocks]
    return draw(uniform, model.costs, count, rng)


@pytest.mark.parametrize('name', Complexity._fields)
def test_sums_are_the_costs_of_plain_networks(model, name):
    costs = OperationCosts.count(model, name, SIZE)
    config = Config(dict(model=search_config(), search_space=SPACE))
    least = [int(np.argmin(row)) for row in costs.table]
    for choices in [*drawn(model), least]:
        plain = subnet_config(config, model.backbone.arch_of(choices))
        network = build_pose_estimator(plain.model)
        assert costs.of(choices) == getattr(measure_complexity(network, (3, 48, 32)), name)
    assert costs.of(least) == costs.least


def test_the_expected_cost_is_the_mean(model):
    from itertools import product

    blocks = model.mixed_blocks[:2]
    costs = replace(model.costs, table=model.costs.table[:2])
    with torch.no_grad():
        probabilities = [block.probabilities() for block in blocks]
        mean = sum(
            probabilities[0][one] * probabilities[1][other] * costs.of((one, other))
            for one, other in product(range(len(costs.table[0])), range(len(costs.table[1])))
        )
    torch.testing.assert_close(costs.expected(blocks), mean)


@pytest.mark.parametrize('temperature', [1.0, 0.5])
def test_gradients_are_right_by_finite_differences(temperature):
    model = search_model().double()
    model.set_temperature(temperature)
    blocks, step = model.mixed_blocks, 1e-5

    def loss():
        return model.cost_weight * model.costs.expected(blocks).log()

    loss().backward()
    for block in blocks:
        for index in range(len(block.alpha)):
            values = []
            for sign in (1, -1):
                with torch.no_grad():
                    block.alpha[index] += sign * step
                    values.append(loss().item())
                    block.alpha[index] -= sign * step
            slope = (values[0] - values[1]) / (2 * step)
            assert block.alpha.grad[index].item() == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_file(model, tmp_path):
    costs = replace(model.costs, name='latency', conditions=dict(engine='torch', threads=2))
    costs.save(tmp_path / 'costs.json')
    loaded = OperationCosts.load(tmp_path / 'costs.json')
    assert loaded.of(drawn(model)[0]) == costs.of(drawn(model)[0])
    loaded.check(model.backbone.space, SIZE, 'torch', 2)
    loaded.check(model.backbone.space, SIZE)


@pytest.mark.parametrize(
    'other, message',
    [
        (dict(engine='openvino'), 'expected the engine openvino, got one of torch'),
        (dict(threads=1), 'expected the threads 1, got one of 2'),
        (dict(input_size=(64, 64)), r'expected the input size \(64, 64\), got one of \(32, 48\)'),
        (dict(space=dict(SPACE, expansions=[4])), 'got one for another space'),
    ],
)
def test_the_table_of_another_search(model, other, message):
    costs = replace(model.costs, conditions=dict(engine='torch', threads=2))
    options = dict(space=SPACE, input_size=SIZE, engine='torch', threads=2) | other
    options['space'] = get_search_space(options['space'])
    with pytest.raises(LitePoseError, match=message) as caught:
        costs.check(**options)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'spoil',
    [
        lambda content: content.pop('table'),
        lambda content: content.update(fixed=-1),
        lambda content: content.update(fixed=float('nan')),
        lambda content: content.update(table=[[1, 'a']]),
        lambda content: content.update(input_size=3),
    ],
)
def test_other_files(model, tmp_path, spoil):
    path = tmp_path / 'costs.json'
    model.costs.save(path)
    content = json.loads(path.read_text())
    spoil(content)
    path.write_text(json.dumps(content))
    with pytest.raises(LitePoseError, match='costs.json is not a table of costs'):
        OperationCosts.load(path)
    with pytest.raises(LitePoseError, match='none.json: No such file'):
        OperationCosts.load(tmp_path / 'none.json')


def test_an_unknown_cost(model):
    with pytest.raises(LitePoseError, match="cost: expected one of params, macs, .*got 'flops'"):
        OperationCosts.count(model, 'flops', SIZE)


def test_no_network_under_the_limit(model):
    limit = model.costs.least - 1
    uniform = [np.ones(len(row)) / len(row) for row in model.costs.table]
    for search in (
        lambda: derive(uniform, model.costs, limit),
        lambda: draw(uniform, model.costs, 1, np.random.default_rng(0), limit),
        lambda: build_pose_estimator(
            search_config(cost=dict(name='macs', weight=1, limit=limit)),
        ),
    ):
        with pytest.raises(
            LitePoseError, match='limit of macs that the cheapest .*meets'
        ) as caught:
            search()
        assert '\n' not in str(caught.value)
