import logging
from types import SimpleNamespace

import networks
import pytest

from litepose_mm.engine.hooks import DepthwiseGradientHook, depthwise_gradient_hook
from litepose_mm.models.utils.depthwise_kernels import kernels


@pytest.fixture
def runner():
    return SimpleNamespace(
        model=networks.litepose(networks.TINY), logger=logging.getLogger('training')
    )


def changed(runner):
    return sum('forward' in vars(layer) for layer in runner.model.modules())


def test_depthwise_convolutions_change(runner, caplog):
    caplog.set_level(logging.INFO)
    DepthwiseGradientHook().before_train(runner)
    assert changed(runner) > 3
    assert f'{changed(runner)} convolutions' in caplog.text


def test_without_a_compiler_nothing_changes(runner, caplog, monkeypatch):
    kernels.cache_clear()
    monkeypatch.setenv('CXX', 'no-such-compiler')
    DepthwiseGradientHook().before_train(runner)
    assert changed(runner) == 0
    assert 'no-such-compiler' in caplog.text


def test_a_gpu_is_left_alone(runner, monkeypatch):
    monkeypatch.setattr(depthwise_gradient_hook, 'get_device', lambda: 'cuda')
    DepthwiseGradientHook().before_train(runner)
    assert changed(runner) == 0
