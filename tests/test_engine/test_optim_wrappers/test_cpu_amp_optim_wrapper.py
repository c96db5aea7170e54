import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

import litepose_mm.modules  # noqa: F401
from litepose_mm.engine.optim_wrappers import cpu_amp_optim_wrapper
from litepose_mm.errors import LitePoseError


def build(monkeypatch, model, has_bfloat16=True, **options):
    monkeypatch.setattr(cpu_amp_optim_wrapper, 'has_bfloat16', lambda: has_bfloat16)
    config = dict(type='CPUAmpOptimWrapper', optimizer=dict(type='Adam', lr=0.1), **options)
    return build_optim_wrapper(model, config)


def test_the_network_computes_in_bfloat16_and_weights_are_float32(monkeypatch):
    model = nn.Linear(4, 2)
    before = model.weight.detach().clone()
    wrapper = build(monkeypatch, model, dtype='bfloat16', clip_grad=dict(max_norm=1))
    with wrapper.optim_context(model):
        out = model(torch.ones(1, 4))
    assert out.dtype == torch.bfloat16
    wrapper.update_params(out.float().square().sum())
    assert model.weight.dtype == torch.float32 and not torch.equal(model.weight, before)
    # What the optimiser keeps is what a plain wrapper keeps: either goes on with the other's.
    plain = build_optim_wrapper(model, dict(optimizer=dict(type='Adam', lr=0.1)))
    plain.load_state_dict(wrapper.state_dict())


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(dtype='float16'), 'expected bfloat16 .* got float16'),
        (dict(has_bfloat16=False), 'bfloat16 instructions'),
    ],
)
def test_what_a_processor_cannot_do_is_refused(monkeypatch, options, message):
    with pytest.raises(LitePoseError, match=message):
        build(monkeypatch, nn.Linear(4, 2), **options)
