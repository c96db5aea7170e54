"""Static layer, elastic layer and narrowed layer give equal outputs."""

import pytest
import torch
from torch import nn

from litepose_mm.errors import LitePoseError
from litepose_mm.nas import ElasticBatchNorm2d, ElasticConv2d, ElasticConvTranspose2d


def assert_equal(one, other):
    torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize(('inputs', 'outputs'), [(8, 12), (8, 5), (3, 12), (3, 5), (1, 1)])
def test_convolution(inputs, outputs, stride):
    torch.manual_seed(0)
    elastic = ElasticConv2d(8, 12, 3, stride=stride, padding=1)
    elastic.active_out_channels = outputs
    static = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
    static.weight.data = elastic.weight.data[:outputs, :inputs].clone()
    static.bias.data = elastic.bias.data[:outputs].clone()
    x = torch.randn(2, inputs, 9, 8)
    assert_equal(elastic(x), static(x))


@pytest.mark.parametrize(('inputs', 'outputs'), [(8, 12), (3, 12), (8, 5), (3, 5)])
def test_transposed_convolution(inputs, outputs):
    torch.manual_seed(0)
    elastic = ElasticConvTranspose2d(8, 12, 4, stride=2, padding=1, bias=False)
    elastic.active_out_channels = outputs
    static = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=False)
    static.weight.data = elastic.weight.data[:inputs, :outputs].clone()
    x = torch.randn(2, inputs, 5, 6)
    assert_equal(elastic(x), static(x))


@pytest.mark.parametrize('width', [8, 3])
@pytest.mark.parametrize('kernel', [7, 5, 3])
def test_depthwise_convolution(width, kernel):
    torch.manual_seed(0)
    elastic = ElasticConv2d(8, 8, 7, padding=3, groups=8, bias=False, kernel_sizes=(3, 5))
    elastic.active_kernel_size = kernel
    border = (7 - kernel) // 2
    static = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width, bias=False)
    weight = elastic.weight.data[:width, :, border : 7 - border, border : 7 - border]
    static.weight.data = weight.clone()  # the transform begins as the identity
    x = torch.randn(2, width, 9, 8)
    assert_equal(elastic(x), static(x))


def test_kernel_transform_is_linear_and_shared():
    layer = ElasticConv2d(4, 4, 5, padding=2, groups=4, bias=False, kernel_sizes=(3,))
    layer.active_kernel_size = 3
    nn.init.normal_(layer.kernel_transforms['3'].weight)
    nn.init.normal_(layer.kernel_transforms['3'].bias)
    matrix, shift = layer.kernel_transforms['3'].weight, layer.kernel_transforms['3'].bias
    centre = layer.weight[:, 0, 1:4, 1:4].reshape(4, 9)
    torch.testing.assert_close(layer.active_weight(4).flatten(1), centre @ matrix.T + shift)


@pytest.mark.parametrize('momentum', [0.1, None])
@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize('width', [6, 2])
def test_batch_norm(width, training, momentum):
    torch.manual_seed(0)
    elastic, static = ElasticBatchNorm2d(6, momentum=momentum), nn.BatchNorm2d(width)
    static.momentum = momentum
    for name in ('weight', 'bias', 'running_mean', 'running_var'):
        nn.init.uniform_(getattr(elastic, name), 0.5, 1.5)
        getattr(static, name).data = getattr(elastic, name).data[:width].clone()
    untouched = elastic.running_mean[width:].clone()
    for norm in (elastic, static):
        norm.train(training)
    for _ in range(3):
        x = torch.randn(4, width, 5, 5)
        assert_equal(elastic(x), static(x))
    assert_equal(elastic.running_mean[:width], static.running_mean)
    assert_equal(elastic.running_var[:width], static.running_var)
    assert_equal(elastic.num_batches_tracked, static.num_batches_tracked)
    assert_equal(elastic.running_mean[width:], untouched)


def test_what_is_not_possible_is_refused():
    conv = ElasticConv2d(8, 12, 3)
    for value in (0, 13):
        with pytest.raises(LitePoseError, match='expected 1 to 12, got'):
            conv.active_out_channels = value
    with pytest.raises(LitePoseError, match=r'expected one of \(3,\), got 5'):
        conv.active_kernel_size = 5
    with pytest.raises(LitePoseError, match='expected groups'):
        ElasticConv2d(8, 8, 3, groups=2)
