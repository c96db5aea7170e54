import copy

import pytest
import torch
from compiler import needs_compiler
from cpu_training.kernels import library, quick_conv2d, quicken
from torch import nn

from litepose_mm.errors import LitePoseError


def gradients(layer, image, dtype=torch.float32):
    """Of the input and the parameters; the gradient that comes in is not contiguous."""
    image = image.clone().requires_grad_()
    layer.zero_grad()
    with torch.autocast('cpu', dtype, enabled=dtype != torch.float32):
        out = layer(image)
    torch.manual_seed(1)
    out.backward(torch.randn(*out.shape[:2], *out.shape[:1:-1]).mT.to(out.dtype))
    return [image.grad, *(parameter.grad.clone() for parameter in layer.parameters())]


def assert_relative(actual, expected, most):
    for one, other in zip(actual, expected, strict=True):
        assert one.dtype == other.dtype
        assert (one - other).abs().max() <= most * other.abs().max()


@needs_compiler
@pytest.mark.parametrize('bias', [False, True])
@pytest.mark.parametrize('size,padding', [((9, 14), (0, 1)), ((9, 14), 3), ((1, 3), 3)])
@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('kernel_size', [3, 5, 7])
def test_gradients_are_torchs(kernel_size, stride, padding, size, bias):
    torch.manual_seed(0)
    layer = nn.Conv2d(21, 21, kernel_size, stride, padding, groups=21, bias=bias)
    image = torch.randn(3, 21, *size)
    expected = gradients(layer, image)
    quick = copy.deepcopy(layer)
    assert quicken(quick) == (1, 0)
    for order in (torch.contiguous_format, torch.channels_last):
        own = image.contiguous(memory_format=order)
        assert_relative(gradients(quick, own), expected, 1e-5)
        assert_relative(gradients(quick, own, torch.bfloat16), expected, 1e-2)  # 8 bits


@needs_compiler
def test_the_number_of_threads_changes_no_bit():
    torch.manual_seed(0)
    layer = nn.Conv2d(40, 40, 7, 2, 3, groups=40)
    quicken(layer)
    image = torch.randn(3, 40, 17, 12)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        single = gradients(layer, image)
        torch.set_num_threads(3)
        several = gradients(layer, image)
    finally:
        torch.set_num_threads(threads)
    assert all(map(torch.equal, single, several))


@needs_compiler
@pytest.mark.slow
def test_torch_compiles_networks_with_them():
    layer = nn.Sequential(nn.Conv2d(6, 6, 5, 2, 2, groups=6), nn.ReLU6())
    quicken(layer)
    image = torch.randn(2, 6, 12, 5)
    expected = gradients(layer, image)
    compiled = torch.compile(layer, backend='aot_eager', fullgraph=True)
    assert_relative(gradients(compiled, image), expected, 1e-5)


def test_without_a_kernel_it_is_torchs():
    weight = torch.randn(4, 1, 3, 3, dtype=torch.double, requires_grad=True)
    image = torch.randn(1, 4, 8, 8, dtype=torch.double)
    assert type(quick_conv2d(image, weight, None, (1, 1), (1, 1)).grad_fn).__name__ == (
        'ConvolutionBackward0'
    )


@needs_compiler
def test_other_convolutions_stay():
    layers = nn.Sequential(
        nn.Conv2d(4, 4, 3),
        nn.Conv2d(4, 8, 3, groups=4),
        nn.Conv2d(4, 4, 1, groups=4),
        nn.Conv2d(4, 4, 9, groups=4),
        nn.Conv2d(4, 4, 3, 3, groups=4),
        nn.Conv2d(4, 4, (3, 5), groups=4),
        nn.Conv2d(4, 4, 3, groups=4, dilation=2),
        nn.Conv2d(4, 4, 3, groups=4, padding='same'),
        nn.ConvTranspose2d(4, 4, 4, groups=4),
    )
    assert quicken(layers) == (0, 0)


@pytest.mark.parametrize('compiler,said', [('no-such-compiler', 'No such file'), ('false', '1')])
def test_a_missing_compiler_is_named(monkeypatch, compiler, said):
    library.cache_clear()
    monkeypatch.setenv('CXX', compiler)
    with pytest.raises(LitePoseError, match=f'{compiler}.*{said}'):
        quicken(nn.Conv2d(4, 4, 3, groups=4))
