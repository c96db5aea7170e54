import pytest
import torch
from torch import nn

from litepose_mm.models.heads.fusion_deconv_head import FusionDeconv, FusionOutput
from litepose_mm.models.utils.merged_layers import MergedDeconv, MergedSeparableConv


def with_statistics(layer):
    for norm in layer.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.uniform_(norm.weight, 0.5, 1.5)
            nn.init.uniform_(norm.bias, -0.5, 0.5)
            norm.running_mean.uniform_(-0.5, 0.5)
            norm.running_var.uniform_(0.5, 2)
    return layer.eval()


@pytest.mark.parametrize('raw_channels', [3, None])
@pytest.mark.parametrize(
    ('size', 'like'), [((4, 6), None), ((1, 1), None), ((4, 6), (7, 12)), ((3, 5), (5, 9))]
)
def test_deconv(raw_channels, size, like):
    layer = with_statistics(FusionDeconv(5, raw_channels, 4, None, None))
    merged = layer.to_deploy()
    assert isinstance(merged, MergedDeconv) and merged.conv.kernel_size == (2, 2)
    refined = torch.randn(2, 5, *size)
    raw = raw_channels and torch.randn(2, raw_channels, *size)
    like = like and torch.zeros(2, 1, *like)
    with torch.no_grad():
        expected = layer(refined, raw, like)
        found = merged(refined, raw, like)
    assert found.shape[2:] == (size[0] * 2, size[1] * 2) if like is None else like.shape[2:]
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize('raw_channels', [3, None])
def test_separable_conv(raw_channels):
    layer = with_statistics(FusionOutput(5, raw_channels, 4, 7))
    merged = layer.to_deploy()
    assert isinstance(merged, MergedSeparableConv)
    refined = torch.randn(2, 5, 6, 9)
    raw = raw_channels and torch.randn(2, raw_channels, 6, 9)
    with torch.no_grad():
        expected, found = layer(refined, raw), merged(refined, raw)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)
