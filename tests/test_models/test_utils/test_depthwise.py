import pytest
import torch
from torch import nn

from litepose_mm.models.utils.depthwise import quicken_depthwise, weight_gradient


def gradients(layer, picture):
    picture = picture.clone().requires_grad_()
    layer.zero_grad()
    layer(picture).square().sum().backward()
    return [picture.grad, *(parameter.grad.clone() for parameter in layer.parameters())]


@pytest.mark.parametrize(
    'kernel_size,stride,padding,bias', [(7, 1, 3, False), (3, 2, 1, True), (5, 2, 0, False)]
)
def test_gradients_are_torchs(monkeypatch, kernel_size, stride, padding, bias):
    monkeypatch.setattr('litepose_mm.models.utils.depthwise._compiled', lambda: weight_gradient)
    layer = nn.Conv2d(6, 6, kernel_size, stride, padding, groups=6, bias=bias).double()
    side = 2 * stride + kernel_size - 2 * padding
    picture = torch.randn(2, 6, side + 4, side, dtype=torch.double)
    expected = gradients(layer, picture)
    assert quicken_depthwise(layer) == 1
    for before, after in zip(expected, gradients(layer, picture), strict=True):
        torch.testing.assert_close(after, before)


@pytest.mark.slow
def test_compiled_gradients_are_torchs():
    layer = nn.Conv2d(32, 32, 7, 2, 3, groups=32).to(memory_format=torch.channels_last)
    picture = torch.randn(2, 32, 12, 5)
    expected = gradients(layer, picture)
    quicken_depthwise(layer)
    for before, after in zip(expected, gradients(layer, picture), strict=True):
        torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-3)


def test_other_convolutions_stay():
    layers = nn.Sequential(
        nn.Conv2d(4, 4, 3),
        nn.Conv2d(4, 8, 3, groups=4),
        nn.Conv2d(4, 4, 1, groups=4),
        nn.Conv2d(4, 4, 3, groups=4, dilation=2),
        nn.Conv2d(4, 4, 3, groups=4, padding='same'),
        nn.ConvTranspose2d(4, 4, 4, groups=4),
    )
    assert quicken_depthwise(layers) == 0
