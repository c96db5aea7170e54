import logging
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from cpu_training import CompileHook
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        return self.head(self.backbone(x))


@pytest.fixture
def runner():
    return SimpleNamespace(model=Model(), logger=logging.getLogger('training'))


@pytest.fixture
def compiled_shapes(monkeypatch):
    """Shapes that compiled parts have seen; tracing is torch's own, code is not generated."""
    shapes, compile_ = [], partial(torch.compile, backend='eager')

    def compile_and_watch(function, **options):
        compiled = compile_(function, **options)

        def run(x):
            shapes.append(tuple(x.shape))
            return compiled(x)

        return run

    monkeypatch.setenv('CXX', 'true')
    monkeypatch.setattr(torch, 'compile', compile_and_watch)
    return shapes


def test_training_is_compiled_and_validation_is_not(runner, compiled_shapes):
    plain, model = Model(), runner.model
    CompileHook().before_train(runner)
    assert model.state_dict().keys() == plain.state_dict().keys()
    inputs = torch.randn(2, 3, 8, 8)
    for each in (plain, model):
        each.train()(inputs).square().sum().backward()
    assert compiled_shapes == [(2, 3, 8, 8), (2, 4, 6, 6)]
    for one, other in zip(plain.parameters(), model.parameters()):
        torch.testing.assert_close(one.grad, other.grad)
    torch.testing.assert_close(model.backbone[1].running_var, plain.backbone[1].running_var)
    torch.testing.assert_close(model.eval()(inputs), plain.eval()(inputs))
    assert len(compiled_shapes) == 2


def test_parts(runner, compiled_shapes):
    CompileHook(parts=['backbone']).before_train(runner)
    runner.model(torch.randn(2, 3, 8, 8))
    assert compiled_shapes == [(2, 3, 8, 8)]


def test_without_a_compiler_nothing_changes(runner, caplog, monkeypatch):
    monkeypatch.setenv('CXX', 'no-such-compiler')
    CompileHook().before_train(runner)
    assert 'forward' not in vars(runner.model.backbone)
    assert 'no C++ compiler (no-such-compiler)' in caplog.text
