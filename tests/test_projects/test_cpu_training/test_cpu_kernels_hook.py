import logging
from types import SimpleNamespace

import networks
import pytest
from compiler import needs_compiler
from cpu_training import CPUKernelsHook, cpu_kernels_hook
from cpu_training.kernels import library
from torch import nn


@pytest.fixture
def runner():
    return SimpleNamespace(
        model=networks.litepose(networks.TINY), logger=logging.getLogger('training')
    )


def changed(runner, kind=nn.Module):
    layers = runner.model.modules()
    return sum('forward' in vars(layer) for layer in layers if isinstance(layer, kind))


@needs_compiler
def test_layers_change(runner, caplog):
    caplog.set_level(logging.INFO)
    CPUKernelsHook().before_train(runner)
    convolutions, norms = changed(runner, nn.Conv2d), changed(runner, nn.BatchNorm2d)
    assert convolutions > 3 and norms > 3
    assert f'{convolutions} depthwise convolutions and {norms} batch' in caplog.text


def test_without_a_compiler_nothing_changes(runner, caplog, monkeypatch):
    library.cache_clear()
    monkeypatch.setenv('CXX', 'no-such-compiler')
    CPUKernelsHook().before_train(runner)
    assert changed(runner) == 0
    assert 'no-such-compiler' in caplog.text


def test_a_gpu_is_left_alone(runner, monkeypatch):
    monkeypatch.setattr(cpu_kernels_hook, 'get_device', lambda: 'cuda')
    CPUKernelsHook().before_train(runner)
    assert changed(runner) == 0
