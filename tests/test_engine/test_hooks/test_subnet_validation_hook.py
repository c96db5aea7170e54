from types import SimpleNamespace

import pytest
import torch
from mmpose.models import build_pose_estimator
from supernets import LARGEST, SPACE, supernet_config

from litepose_mm.engine.hooks import SubnetValidationHook, subnet_validation_hook
from litepose_mm.errors import LitePoseError


@pytest.fixture
def evaluators(monkeypatch):
    """Those that were made; the metric is the resolution and the stem's width."""
    made = []

    class Evaluator:
        def __init__(self, *args, cache, split):
            made.append((*args, cache, split))

        def calibrate(self, network, arch):
            assert arch == network.active_arch == SPACE.largest
            for norm in norms(network):
                norm.running_mean.fill_(7)

        def spread(self, archs):
            return [{'a/size': arch.img_size, 'width': arch.input_channel} for arch in archs]

    monkeypatch.setattr(subnet_validation_hook, 'SubnetEvaluator', Evaluator)
    return made


def norms(network):
    return [layer for layer in network.modules() if isinstance(layer, torch.nn.BatchNorm2d)]


def means(network):
    return torch.cat([norm.running_mean for norm in norms(network)])


def test_metrics_of_networks_follow_those_of_the_largest(evaluators):
    hook = SubnetValidationHook(SPACE, ['smallest', 0.75], calibration_batches=3)
    model = build_pose_estimator(supernet_config(SPACE.largest)).eval()
    learned = torch.randn(len(means(model)))
    for norm, value in zip(
        norms(model), learned.split([len(n.running_mean) for n in norms(model)])
    ):
        norm.running_mean.copy_(value)
    runner = SimpleNamespace(model=model, cfg='config')
    for _ in range(2):
        model.activate(SPACE.smallest)
        for index in range(2):
            hook.before_val_iter(runner, index)
            assert (means(model) == 7).all() and model.active_arch == SPACE.largest
        metrics = {'AP': 0.5}
        hook.after_val_epoch(runner, metrics)
        assert metrics == {
            'AP': 0.5,
            'smallest/a/size': 32,
            'smallest/width': 8,
            '0.75/a/size': 64,
            '0.75/width': 16,
        }
        assert list(metrics)[0] == 'AP' and torch.equal(means(model), learned)
    assert evaluators == [(model, 'config', 3, False, 'val')]
    hook.before_test_iter(runner, 0)
    assert (means(model) == 7).all()
    hook.after_test_epoch(runner)
    assert torch.equal(means(model), learned)


def test_files_and_bad_networks(tmp_path):
    import json

    path = tmp_path / 'found.json'
    path.write_text(json.dumps(LARGEST.to_dict()))
    assert SubnetValidationHook(SPACE, [str(path)]).archs == {'found': LARGEST}
    with pytest.raises(LitePoseError, match='litepose-s: architecture: .* in this search space'):
        SubnetValidationHook(SPACE, ['litepose-s'])
    with pytest.raises(LitePoseError, match=r'ratio: expected one of \(1, 0.75, 0.5\), got 0.3'):
        SubnetValidationHook(SPACE, [0.3])
