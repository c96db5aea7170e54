import pytest
import torch

import litepose_mm.modules  # noqa: F401
from litepose_mm.errors import LitePoseError
from litepose_mm.models import DilatedMobileNet


@pytest.mark.parametrize('size', [(64, 64), (32, 72), (50, 70)])
def test_stride_8(size):
    (feature,) = DilatedMobileNet().eval()(torch.rand(1, 3, *size))
    assert feature.shape == (1, 512, *(-(-side // 8) for side in size))


def test_a_dilation_instead_of_a_stride():
    strides = [layer.stride[0] for layer in DilatedMobileNet().modules() if is_depthwise(layer)]
    dilations = [layer.dilation[0] for layer in DilatedMobileNet().modules() if is_depthwise(layer)]
    assert strides == [1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1]
    assert dilations == [1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]


def is_depthwise(layer):
    return getattr(layer, 'groups', 1) > 1


def test_other_widths():
    (feature,) = DilatedMobileNet(stem=4, layers=[(6, 2, 1)])(torch.rand(1, 3, 32, 32))
    assert feature.shape == (1, 6, 8, 8)


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(stem=0), r'stem: expected positive integers, got \[0\]'),
        (dict(in_channels=-1), 'in_channels: expected positive integers'),
        (dict(layers=[(8, 1, 1), (8, 0, 1)]), r'layers\[1\]: expected positive .*8, 0, 1'),
        (dict(layers=[(8, 1)]), r'layers\[0\]: expected width, stride and dilation, got \(8, 1\)'),
        (dict(layers=[8]), r'layers\[0\]: expected positive integers, got 8'),
    ],
)
def test_impossible_numbers(values, message):
    with pytest.raises(LitePoseError, match=message):
        DilatedMobileNet(**values)
