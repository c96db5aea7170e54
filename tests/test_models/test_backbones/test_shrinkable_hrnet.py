import pytest
import torch
from mmpose.models.backbones import HRNet
from torch import nn

from litepose_mm.errors import LitePoseError
from litepose_mm.families.higherhrnet import HigherHRNetArchitecture
from litepose_mm.models import ShrinkableHRNet

SMALL = HigherHRNetArchitecture(8, modules=(1, 1, 2), planes=16)


def test_without_empty_branches_it_is_mmposes():
    torch.manual_seed(0)
    ours, theirs = ShrinkableHRNet(SMALL.extra()), HRNet(SMALL.extra())
    ours.eval(), theirs.eval()
    ours.load_state_dict(theirs.state_dict())
    image = torch.randn(1, 3, 64, 96)
    torch.testing.assert_close(ours(image), theirs(image), rtol=0, atol=0)
    assert ours.train() is ours


@pytest.mark.parametrize('multiscale', [False, True])
def test_a_branch_without_blocks_is_a_convolution(multiscale):
    blocks = ((1,), (0, 1), (0, 2, 0), (0, 0, 0, 1))
    extra = HigherHRNetArchitecture(8, blocks, (1, 1, 2), 16).extra()
    extra['stage4']['multiscale_output'] = multiscale
    network = ShrinkableHRNet(extra)
    for stage, counts in zip((network.stage2, network.stage3, network.stage4), blocks[1:]):
        for module in stage:
            for branch, count in zip(module.branches, counts):
                kinds = [type(layer) for layer in branch]
                if count == 0:
                    assert kinds == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU6]
                else:
                    assert len(kinds) == count and nn.Conv2d not in kinds
    shapes = [tuple(each.shape) for each in network(torch.zeros(1, 3, 64, 96))]
    assert shapes == [(1, 8 << i, 16 >> i, 24 >> i) for i in range(4 if multiscale else 1)]


@pytest.mark.parametrize(
    'stage, values, message',
    [
        ('stage3', dict(num_blocks=(4, -1, 4)), 'num_blocks: expected integers of at least 0'),
        ('stage1', dict(num_blocks=(0,)), r'num_blocks: expected positive integers, got \[0\]'),
        ('stage2', dict(num_modules=0), r'num_modules: expected positive integers, got \[0\]'),
        ('stage4', dict(num_channels=(8, 16, 32, -1)), 'num_channels: .* got .8, 16, 32, -1'),
        ('stage2', dict(num_blocks=(1,)), ': expected num_blocks and num_channels of 2 branches'),
        ('stage2', dict(num_branches=3), ': expected num_blocks and num_channels of 2 branches'),
        ('stage2', dict(num_modules=None), 'num_modules: expected positive integers, got .None'),
    ],
)
def test_impossible_numbers(stage, values, message):
    extra = SMALL.extra()
    extra[stage].update(values)
    with pytest.raises(LitePoseError, match=f'{stage}.?{message}'):
        ShrinkableHRNet(extra)
