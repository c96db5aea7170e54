import pytest
import torch
from mmpose.registry import MODELS

from litepose_mm.models.losses import LinearFeatureLoss

torch.manual_seed(0)
FEATURES = torch.randn(3, 6, 20, 15)


def mixed(maps, channels):
    return torch.einsum('oc,bchw->bohw', torch.randn(channels, maps.shape[1]), maps)


def test_it_is_a_component():
    assert isinstance(MODELS.build(dict(type='LinearFeatureLoss')), LinearFeatureLoss)


@pytest.mark.parametrize('channels', [3, 6, 11])
def test_a_linear_function_is_no_loss_and_noise_is_all_of_it(channels):
    target = 5 * mixed(FEATURES, channels) + 7
    assert LinearFeatureLoss()(FEATURES, target) < 1e-6
    assert LinearFeatureLoss()(FEATURES, torch.randn(3, channels, 20, 15)) > 0.95


def test_the_share_is_that_of_regression_and_channels_weigh_the_same():
    noise = torch.randn(3, 2, 20, 15)
    target = torch.cat([mixed(FEATURES, 1), 1000 * noise[:, :1]], 1)
    assert LinearFeatureLoss()(FEATURES, target).item() == pytest.approx(0.5, abs=0.01)
    half = mixed(FEATURES, 1)
    half = half / half.std() + noise[:, :1]
    assert LinearFeatureLoss()(FEATURES, half).item() == pytest.approx(0.5, abs=0.03)


def test_the_gradient_is_that_of_the_minimum():
    features = FEATURES.double().requires_grad_()
    target = mixed(FEATURES, 4) + torch.randn(3, 4, 20, 15)
    loss = LinearFeatureLoss()
    (gradient,) = torch.autograd.grad(loss(features, target), features)
    direction = torch.randn(FEATURES.shape, dtype=torch.float64)
    step = 1e-2
    up, down = (loss(features.detach() + sign * step * direction, target) for sign in (1, -1))
    slope = ((up - down) / (2 * step)).item()
    assert (gradient * direction).sum().item() == pytest.approx(slope, rel=2e-2)


def test_channels_that_never_change_and_half_precision():
    features = torch.cat([FEATURES, torch.zeros(3, 2, 20, 15)], 1).requires_grad_()
    target = torch.cat([mixed(FEATURES, 2), torch.ones(3, 1, 20, 15)], 1)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        loss = LinearFeatureLoss()(features.bfloat16(), target)
    assert loss.dtype == torch.float32 and loss < 1e-3
    loss.backward()
    assert features.grad.isfinite().all()
