import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from supernets import SPACE, build_supernet

from litepose_mm.errors import LitePoseError
from litepose_mm.inference.engines import engines
from litepose_mm.nas import LatencyPredictor, NetworkCosts, NetworkTimer

ENGINES = [name for name, engine in engines().items() if engine.can_time]


def archs(count, seed=0):
    rng = np.random.default_rng(seed)
    return [SPACE.decode(SPACE.sample(rng)) for _ in range(count)]


@pytest.fixture(scope='module')
def costs():
    return NetworkCosts(build_supernet())


def measured(costs, networks):
    """As an engine that calculates, reads and writes, fetches weights, and is called once."""
    return [
        2e-6 * costs.complexity(arch).macs
        + 3e-6 * costs.traffic(arch)
        + 4e-6 * costs.complexity(arch).params
        + 0.5
        for arch in networks
    ]


def test_fit(costs):
    known, others = archs(12), archs(6, seed=1)
    predictor = LatencyPredictor.fit(SPACE, costs, known, tuple(measured(costs, known)))
    assert predictor.weights == pytest.approx((2, 3, 4, 0.5), abs=1e-6)
    predicted = [predictor(costs, arch) for arch in others]
    np.testing.assert_allclose(predicted, measured(costs, others))


def test_a_larger_network_is_never_predicted_to_be_quicker(costs):
    known = archs(12)
    slow_when_small = [1e9 / costs.complexity(arch).macs for arch in known]
    predictor = LatencyPredictor.fit(SPACE, costs, known, slow_when_small)
    assert min(predictor.weights) >= 0
    assert predictor(costs, SPACE.largest) >= predictor(costs, SPACE.smallest)


def test_file(tmp_path):
    path = tmp_path / 'latency.json'
    predictor = LatencyPredictor((2.0, 3.0, 4.0, 0.5), SPACE.to_dict(), {'threads': 2})
    predictor.save(path)
    loaded = LatencyPredictor.load(path)
    assert loaded.weights == predictor.weights and loaded.conditions == {'threads': 2}
    loaded.check_space(SPACE)
    with pytest.raises(LitePoseError, match='search space'):
        loaded.check_space(replace(SPACE, ratios=(1,)))


@pytest.mark.parametrize(
    'spoil',
    [
        lambda content: content.pop('weights'),
        lambda content: content.update(weights=[1, 2, 3]),
        lambda content: content.update(weights=[1, -2, 3, 4]),
        lambda content: content.update(weights=[1, float('nan'), 3, 4]),
        lambda content: content.update(space=3),
    ],
)
def test_other_files(tmp_path, spoil):
    path = tmp_path / 'latency.json'
    LatencyPredictor((2.0, 3.0, 4.0, 0.5), SPACE.to_dict()).save(path)
    content = json.loads(path.read_text())
    spoil(content)
    path.write_text(json.dumps(content))
    with pytest.raises(LitePoseError, match='latency.json is not a latency predictor'):
        LatencyPredictor.load(path)
    with pytest.raises(LitePoseError, match='gone.json: No such file'):
        LatencyPredictor.load(tmp_path / 'gone.json')


@pytest.mark.parametrize('engine', ENGINES)
def test_time(engine, tmp_path, monkeypatch):
    monkeypatch.setenv('LITEPOSE_CACHE', str(tmp_path))  # no kernels for the user
    pytest.importorskip(engine)
    pytest.importorskip('onnx')
    narrow, wide = (torch.nn.Conv2d(width, width, 7, padding=3).eval() for width in (2, 64))
    timer = NetworkTimer(engine, rounds=3)
    times = timer([(narrow, (1, 2, 16, 16)), (wide, (1, 64, 128, 128))])
    assert 0 < 5 * times[0] < times[1]


def test_options_are_those_of_the_engine():
    with pytest.raises(LitePoseError, match='tracker: torch has no such option'):
        NetworkTimer('torch', options={'tracker': 'localhost:9190'})


def test_engines_that_are_not_there(monkeypatch):
    assert {'torch', 'onnxruntime', 'openvino'} <= set(ENGINES)
    for name in ('coreml', 'ncnn'):
        with pytest.raises(LitePoseError, match=f'onnxruntime.*got {name!r}'):
            NetworkTimer(name)
    monkeypatch.setitem(__import__('sys').modules, 'onnxruntime', None)
    with pytest.raises(LitePoseError, match=r'onnxruntime is not installed: .*\[export,runtime\]'):
        NetworkTimer('onnxruntime')
