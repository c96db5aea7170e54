import pytest
import torch

from litepose_mm.errors import LitePoseError
from litepose_mm.models import CompactEfficientNet, EfficientHRNet


@pytest.mark.parametrize('strides', [(4, 8, 16, 32), (16,), (32, 4)])
def test_features(strides):
    network = CompactEfficientNet(-4, out_strides=strides)
    shapes = [tuple(each.shape) for each in network(torch.zeros(1, 3, 64, 96))]
    widths = {4: 16, 8: 32, 16: 80, 32: 216}
    assert shapes == [(1, widths[s], 64 // s, 96 // s) for s in strides]
    assert network.train() is network


def test_blocks_are_dropped_in_training_only():
    torch.manual_seed(0)
    image = torch.randn(8, 3, 64, 64)
    network = CompactEfficientNet(-4, drop_path=0.9)
    network.train()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 0
    assert not torch.equal(network(image)[-1], network(image)[-1])
    network.eval()
    assert torch.equal(network(image)[-1], network(image)[-1])


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(out_strides=(2,)), 'out_strides: expected some of .* got .2,'),
        (dict(out_strides=()), 'out_strides: expected some of'),
        (dict(in_channels=0), 'in_channels: expected positive integers'),
        (dict(drop_path=1.5), 'drop_path: expected a probability below 1, got 1.5'),
        (dict(drop_path=-0.1), 'drop_path: expected a probability below 1, got -0.1'),
        (dict(arch=float('nan')), 'phi: expected a whole number .* got nan'),
        (dict(arch='0'), "unknown architecture '0'"),
    ],
)
def test_impossible_values(values, message):
    with pytest.raises(LitePoseError, match=message):
        CompactEfficientNet(**values)


@pytest.mark.parametrize('multiscale', [False, True])
def test_branches(multiscale):
    network = EfficientHRNet(-4, multiscale_output=multiscale)
    shapes = [tuple(each.shape) for each in network(torch.zeros(1, 3, 64, 96))]
    expected = [(1, c, 16 >> i, 24 >> i) for i, c in enumerate((14, 27, 54, 107))]
    assert shapes == expected[: 4 if multiscale else 1]
    assert network.train() is network


def test_an_impossible_coefficient():
    with pytest.raises(LitePoseError, match='phi: expected a whole number'):
        EfficientHRNet(-9)
