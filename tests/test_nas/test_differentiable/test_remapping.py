import pytest
import torch
from searches import SPACE
from torch import nn

import litepose_mm.modules  # noqa: F401
from litepose_mm.checkpoints import save_weights
from litepose_mm.errors import LitePoseError
from litepose_mm.models import EfficientPose
from litepose_mm.models.backbones.litepose import InvertedResidual
from litepose_mm.nas.differentiable import MixedEfficientPose, remap_block, remap_chain


def randomised(module, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.2, 1, generator=generator)
    return module.eval()


@torch.no_grad()
@pytest.mark.parametrize('expansion, kernel', [(6, 7), (6, 3), (3, 7), (3, 3)])
def test_a_larger_block_computes_the_same(expansion, kernel):
    small = randomised(InvertedResidual(8, 8, 3, 3))
    large = randomised(InvertedResidual(8, 8, expansion, kernel), seed=1)
    remap_block(small.state_dict(), large)
    x = torch.randn(2, 8, 9, 7)
    torch.testing.assert_close(large(x), small(x))


def test_a_smaller_block_has_the_centre_and_the_first_channels():
    large = randomised(InvertedResidual(8, 8, 6, 7))
    small = randomised(InvertedResidual(8, 8, 3, 3), seed=1)
    remap_block(large.state_dict(), small)
    assert torch.equal(small.depthwise.conv.weight, large.depthwise.conv.weight[:24, :, 2:5, 2:5])
    assert torch.equal(small.expand.conv.weight, large.expand.conv.weight[:24])
    assert torch.equal(small.project.conv.weight, large.project.conv.weight[:, :24])
    assert torch.equal(small.expand.bn.running_var, large.expand.bn.running_var[:24])


def chain(depths):
    arch = dict(
        SPACE['largest'],
        stages=[
            dict(channel=8, stride=2, blocks=['K3_E2'] * depths[0]),
            dict(channel=12, stride=2, blocks=['K3_E2'] * depths[1]),
        ],
    )
    return randomised(EfficientPose(arch))


def test_a_deeper_chain_repeats_the_last_block():
    shallow = chain((1, 2))
    deep = randomised(EfficientPose(SPACE['largest']), seed=1)
    before = [each.clone() for each in deep.stages[0][1].state_dict().values()]
    remap_chain(shallow.state_dict(), deep, 'shallow.pth')
    last = shallow.stages[1][1].depthwise.conv.weight
    for block in deep.stages[1][1:]:
        assert torch.equal(block.depthwise.conv.weight[: len(last), :, 1:4, 1:4], last)
    # The only block of the first stage has a stride, so that none can be like it.
    assert all(map(torch.equal, deep.stages[0][1].state_dict().values(), before))
    assert torch.equal(deep.stem[0].conv.weight, shallow.stem[0].conv.weight)


@torch.no_grad()
def test_all_operations_of_a_super_network_start_from_the_chain(tmp_path):
    own = chain((2, 3))
    state = {f'backbone.{key}': value for key, value in own.state_dict().items()}
    save_weights(state, tmp_path / 'chain.pth', {})
    mixed = MixedEfficientPose(SPACE, chain=str(tmp_path / 'chain.pth'))
    mixed.init_weights()
    x = torch.randn(1, 3, 32, 32)
    for choices in ([0, 0, 0, 0, 0], [3, 1, 2, 0, 1]):  # whatever block is chosen
        for block, index in zip(mixed.mixed_blocks, choices):
            block.alpha.data = nn.functional.one_hot(
                torch.tensor(index), len(block.settings)
            ).float()
        torch.testing.assert_close(mixed.eval()(x)[-1], own(x)[-1])


def test_other_weights_are_refused():
    with pytest.raises(LitePoseError, match='weights a.pth: expected a chain of 2 stages'):
        remap_chain({'conv.weight': torch.zeros(1)}, chain((1, 1)), 'a.pth')
