from itertools import permutations, product

import pytest
import torch
from torch import nn

import litepose_mm.modules  # noqa: F401
from litepose_mm.nas.differentiable import MixedBlock
from litepose_mm.nas.differentiable.mixed_block import inclusion

OPERATIONS = ((6, 5), (6, 3), (3, 3), None)


def mixed_block(seed, linear=True):
    generator = torch.Generator().manual_seed(seed)

    def build(operation):
        if operation is None:
            return nn.Identity()
        conv = nn.Conv2d(2, 2, operation[1], padding=operation[1] // 2)
        for parameter in conv.parameters():
            parameter.data.normal_(generator=generator)
        return conv if linear else nn.Sequential(conv, nn.Tanh())

    block = MixedBlock({each: build(each) for each in OPERATIONS}).double().train()
    block.alpha.data.normal_(generator=generator)
    return block


def images():
    return torch.randn(2, 2, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(9))


def chances(block, paths):
    """All operations that can be sampled in their order, with the probability of each order."""
    probabilities = block.probabilities().detach()
    for chosen in permutations(range(len(OPERATIONS)), paths):
        chance, left = 1.0, 1.0
        for index in chosen:
            chance *= probabilities[index] / left
            left -= probabilities[index]
        yield chosen, chance


def gradients(output, parameters, weights):
    (output * weights).sum().backward()
    found = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in parameters]
    for parameter in parameters:
        parameter.grad = None
    return found


@pytest.mark.parametrize('paths', [1, 2])
def test_inclusion_is_that_of_all_orders(paths):
    block = mixed_block(0)
    expected = torch.zeros(len(OPERATIONS), dtype=torch.float64)
    for chosen, chance in chances(block, paths):
        expected[list(chosen)] += chance
    torch.testing.assert_close(inclusion(block.probabilities().detach(), paths), expected)
    assert expected.sum() == pytest.approx(paths)


@pytest.mark.parametrize('paths', [1, 2])
@pytest.mark.parametrize('linear', [True, False])
def test_the_expected_gradient_of_a_block_is_that_of_the_mixture(paths, linear):
    """By enumeration of everything that can be sampled, for any gradient from behind the block."""
    block, x = mixed_block(0, linear), images()
    parameters = list(block.parameters())
    weights = torch.randn(x.shape, dtype=x.dtype, generator=torch.Generator().manual_seed(2))
    expected = gradients(block(x), parameters, weights)
    mean = [torch.zeros_like(parameter) for parameter in parameters]
    for chosen, chance in chances(block, paths):
        for total, own in zip(mean, gradients(block.estimate(x, chosen), parameters, weights)):
            total += chance * own
    for own, other in zip(mean, expected):
        torch.testing.assert_close(own, other)


@pytest.mark.parametrize('paths', [1, 2])
def test_the_expected_gradient_of_a_linear_chain_is_that_of_the_mixture(paths):
    """Both blocks are sampled at once, independently."""
    first, second, x = mixed_block(0), mixed_block(1), images()
    parameters = [*first.parameters(), *second.parameters()]
    weights = torch.randn(x.shape, dtype=x.dtype, generator=torch.Generator().manual_seed(2))
    expected = gradients(second(first(x)), parameters, weights)
    mean = [torch.zeros_like(parameter) for parameter in parameters]
    for (one, chance), (other, own_chance) in product(
        chances(first, paths), chances(second, paths)
    ):
        output = second.estimate(first.estimate(x, one), other)
        for total, own in zip(mean, gradients(output, parameters, weights)):
            total += chance * own_chance * own
    for own, other in zip(mean, expected):
        torch.testing.assert_close(own, other)


@pytest.mark.parametrize('paths', [1, 2])
def test_training_runs_as_many_operations_as_paths(paths):
    block, ran = mixed_block(0), []
    for name, operation in block.operations.items():
        operation.register_forward_hook(lambda *_, name=name: ran.append(name))
    block.paths = paths
    torch.manual_seed(0)
    seen = set()
    for _ in range(40):
        ran.clear()
        block(images())
        assert len(set(ran)) == len(ran) == paths
        seen.update(ran)
    assert len(seen) > paths
    block.eval()(images())
    assert ran[-1] == list(block.operations)[int(block.alpha.argmax())]


def test_one_path_computes_its_operation():
    block = mixed_block(0)
    for index, operation in enumerate(block.operations.values()):
        torch.testing.assert_close(block.estimate(images(), [index]), operation(images()))


def test_sampled_as_often_as_probable():
    block, ran = mixed_block(0), []
    for index, operation in enumerate(block.operations.values()):
        operation.register_forward_hook(lambda *_, index=index: ran.append(index))
    block.paths = 1
    torch.manual_seed(0)
    for _ in range(2000):
        block(images()[:, :, :1, :1])
    counts = torch.bincount(torch.tensor(ran), minlength=4) / len(ran)
    torch.testing.assert_close(counts.double(), block.probabilities().detach(), atol=0.04, rtol=0)


def test_temperature_sharpens():
    block = mixed_block(0)
    warm = block.probabilities()
    block.temperature = 0.1
    assert block.probabilities().max() > warm.max()
    torch.testing.assert_close(block.probabilities(), torch.softmax(10 * block.alpha, 0))


@pytest.mark.parametrize('paths', [1, 2])
def test_certain_probabilities(paths):
    """In float32, one operation has probability 1, and the others have 0."""
    block = mixed_block(0).float()
    block.alpha.data.copy_(torch.tensor([500.0, 0.0, -500.0, -500.0]))
    block.paths = paths
    for _ in range(20):
        output = block(images().float())
        output.sum().backward()
    torch.testing.assert_close(output, block.operations['K5_E6'](images().float()))
    assert all(each.grad is None or each.grad.isfinite().all() for each in block.parameters())
