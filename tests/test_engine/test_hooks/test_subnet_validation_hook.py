from types import SimpleNamespace

import pytest
from supernets import LARGEST, SPACE

from litepose_mm.engine.hooks import SubnetValidationHook, subnet_validation_hook
from litepose_mm.errors import LitePoseError


@pytest.fixture
def evaluators(monkeypatch):
    """Those that were made; the metric is the resolution and the stem's width."""
    made = []

    class Evaluator:
        def __init__(self, *args, cache, pictures):
            made.append((*args, cache, pictures))

        def spread(self, archs):
            return [{'a/size': arch.img_size, 'width': arch.input_channel} for arch in archs]

    monkeypatch.setattr(subnet_validation_hook, 'SubnetEvaluator', Evaluator)
    return made


def test_metrics_of_networks_follow_those_of_the_validation(evaluators, tmp_path):
    hook = SubnetValidationHook(SPACE, ['smallest', 0.75, 'largest'], calibration_batches=3)
    runner = SimpleNamespace(model='supernet', cfg='config')
    for _ in range(2):
        metrics = {'AP': 0.5}
        hook.after_val_epoch(runner, metrics)
        assert metrics == {
            'AP': 0.5,
            'smallest/a/size': 32,
            'smallest/width': 8,
            '0.75/a/size': 64,
            '0.75/width': 16,
            'largest/a/size': 64,
            'largest/width': 16,
        }
        assert list(metrics)[0] == 'AP'
    assert evaluators == [('supernet', 'config', 3, False, 'val')]


def test_files_and_bad_networks(tmp_path):
    import json

    path = tmp_path / 'found.json'
    path.write_text(json.dumps(LARGEST.to_dict()))
    assert SubnetValidationHook(SPACE, [str(path)]).archs == {'found': LARGEST}
    with pytest.raises(LitePoseError, match='litepose-s: architecture: .* in this search space'):
        SubnetValidationHook(SPACE, ['litepose-s'])
    with pytest.raises(LitePoseError, match=r'ratio: expected one of \(1, 0.75, 0.5\), got 0.3'):
        SubnetValidationHook(SPACE, [0.3])
