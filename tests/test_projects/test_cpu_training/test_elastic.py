import torch
from compiler import needs_compiler
from cpu_training.kernels import quick_conv2d, quicken
from torch import nn

from litepose_mm.nas.elastic_layers import ElasticConv2d


@needs_compiler
def test_quick_gradients_are_torchs():
    layer = ElasticConv2d(8, 8, 7, 1, 3, groups=8, bias=False, kernel_sizes=(5,))
    layer.active_kernel_size = 5
    image = torch.randn(2, 6, 9, 11)

    def gradients():
        layer.zero_grad()
        layer(image).square().sum().backward()
        return [parameter.grad.clone() for parameter in layer.parameters()]

    expected = gradients()
    assert quicken(nn.Sequential(layer, ElasticConv2d(8, 8, 1))) == (1, 0)
    assert layer.convolve is quick_conv2d
    for before, after in zip(expected, gradients(), strict=True):
        torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)
