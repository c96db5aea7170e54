import copy
from collections import OrderedDict

import pytest
import torch
from compiler import needs_compiler
from cpu_training.kernels import quicken
from torch import nn

pytestmark = needs_compiler


def block(act, channels=21):
    """Normalisation and activation with weights, and a mean that is far from 0."""
    torch.manual_seed(0)
    layers = OrderedDict(bn=nn.BatchNorm2d(channels))
    if act:
        layers['act'] = act
    layers = nn.Sequential(layers)
    nn.init.uniform_(layers.bn.weight, 0.5, 2)
    nn.init.normal_(layers.bn.bias)
    return layers


def image(channels=21, size=(3, 7, 6)):
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(size[0], channels, *size[1:], generator=generator)
    return x * 2 + 30 * torch.randn(1, channels, 1, 1, generator=generator)


def results(layers, x, dtype=torch.float32):
    """Output, gradients and statistics, of a step."""
    x = x.clone().requires_grad_()
    layers.zero_grad()
    out = layers(x.to(dtype))
    generator = torch.Generator().manual_seed(2)
    out.backward(torch.randn(out.mT.shape, generator=generator).mT.to(dtype))
    norm = layers.bn
    return [out, x.grad, norm.weight.grad, norm.bias.grad, norm.running_mean, norm.running_var]


def assert_relative(actual, expected, most):
    for one, other in zip(actual, expected, strict=True):
        assert one.dtype == other.dtype
        assert (one - other).abs().max() <= most * other.abs().max()


@pytest.mark.parametrize('act', [None, nn.ReLU(inplace=True), nn.ReLU6(inplace=True)])
@pytest.mark.parametrize('channels,size', [(21, (3, 7, 6)), (32, (2, 64, 65)), (1, (4, 2, 1))])
def test_steps_are_torchs(act, channels, size):
    layers, x = block(act, channels), image(channels, size)
    quick = copy.deepcopy(layers)
    assert quicken(quick) == (0, 1)
    # Of float64, since torch's own float32 differs as much from it.
    expected = results(copy.deepcopy(layers).double(), x, torch.double)
    expected = [expected[1], *(tensor.float() for tensor in expected)][1:]
    for order in (torch.contiguous_format, torch.channels_last):
        own = copy.deepcopy(quick)
        assert_relative(results(own, x.contiguous(memory_format=order)), expected, 2e-5)
        assert own.bn.num_batches_tracked == 1


@pytest.mark.parametrize('act', [None, nn.ReLU6()])
def test_bfloat16_is_torchs_with_exact_sums(act):
    layers, x = block(act), image().bfloat16().float()
    quick = copy.deepcopy(layers)
    quicken(quick)
    expected = results(layers, x)
    actual = results(quick, x, torch.bfloat16)
    assert actual[0].dtype == torch.bfloat16
    # Rounded: the output, the gradient that came in and the one that goes out.
    assert_relative([tensor.float() for tensor in actual], expected, 1e-2)


def test_a_copy_is_its_own():
    quick = block(nn.ReLU6())
    quicken(quick)
    other = copy.deepcopy(quick)
    results(other, image())
    assert quick.bn.num_batches_tracked == 0
    assert quick.state_dict().keys() == block(nn.ReLU6()).state_dict().keys()


def test_evaluation_and_kept_statistics_are_torchs():
    layers, x = block(nn.ReLU6()), image()
    quick = copy.deepcopy(layers)
    quicken(quick)
    for each in (layers, quick):
        each.bn.eval()  # the activation stays in training mode, as norm_eval has it
    for one, other in zip(results(quick, x), results(layers, x)):
        assert torch.equal(one, other)


def test_the_number_of_threads_changes_no_bit():
    quick, x = block(nn.ReLU6()), image(size=(3, 33, 20))
    quicken(quick)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        single = results(copy.deepcopy(quick), x)
        torch.set_num_threads(3)
        several = results(copy.deepcopy(quick), x)
    finally:
        torch.set_num_threads(threads)
    assert all(map(torch.equal, single, several))


def test_a_value_that_is_no_number_stays_one():
    quick, x = block(nn.ReLU6()), image()
    quicken(quick)
    x[0, 3, 0, 0] = torch.nan
    out = quick(x)
    assert out[:, 3].isnan().all() and out[:, 4].isfinite().all()


@pytest.mark.slow
def test_torch_compiles_networks_with_it():
    quick, x = block(nn.ReLU6()), image()
    quicken(quick)
    expected = results(copy.deepcopy(quick), x)
    compiled = copy.deepcopy(quick)
    compiled.forward = torch.compile(compiled.forward, backend='aot_eager', fullgraph=True)
    assert_relative(results(compiled, x), expected, 1e-6)


def test_others_stay():
    layers = nn.Sequential(
        nn.BatchNorm2d(4, affine=False),
        nn.BatchNorm2d(4, momentum=None),
        nn.BatchNorm2d(4, track_running_stats=False),
        nn.SyncBatchNorm(4),
        block(nn.LeakyReLU()).act,
    )
    assert quicken(layers) == (0, 0)
    with pytest.raises(ValueError, match='more than 1 value'):
        quick = block(nn.ReLU6())
        quicken(quick)
        quick(image(size=(1, 1, 1)))
