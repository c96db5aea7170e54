import pytest
import torch

from litepose_mm.errors import LitePoseError
from litepose_mm.models import EfficientHRNet, HigherHRNetHead


@pytest.mark.parametrize(
    'deconvs, tag_levels',
    [((6,), (True, False)), ((6,), (True, True)), ((6, 4), (True, False, False)), ((), (True,))],
)
@pytest.mark.parametrize('blocks', [0, 2])
def test_levels(deconvs, tag_levels, blocks):
    head = HigherHRNetHead(8, 5, deconvs, blocks, tag_levels)
    outputs = head((torch.zeros(2, 8, 16, 24), torch.zeros(2, 16, 8, 12)))
    shapes = [tuple(each.shape) for each in outputs]
    assert shapes == [
        (2, 10 if tags else 5, 16 << level, 24 << level) for level, tags in enumerate(tag_levels)
    ]


def test_each_deconvolution_reads_the_maps_before():
    head = HigherHRNetHead(8, 5, (6,), 0)
    head.init_weights()
    feature = torch.randn(1, 8, 4, 4)
    before = head((feature,))
    head.final_layers[0].bias.data += 1
    after = head((feature,))
    assert torch.allclose(after[0], before[0] + 1) and not torch.allclose(after[1], before[1])


def test_initialisation():
    torch.manual_seed(0)
    head = HigherHRNetHead(64, 17)
    head.init_weights()
    deconv = head.deconv_layers[0][0][0]
    assert float(deconv.weight.std()) == pytest.approx(1e-3, rel=0.05)
    torch.manual_seed(0)
    plain = HigherHRNetHead(64, 17, init_cfg=[])
    plain.init_weights()
    assert plain.deconv_layers[0][0][0].weight.std() > 5e-3


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(tag_levels=(True, False, False)), 'deconv_channels: expected 2 widths'),
        (dict(tag_levels=(False, False)), 'tag_levels: expected at least one level'),
        (dict(deconv_channels=(0,)), r'deconv_channels: expected positive integers, got \[0\]'),
        (dict(deconv_channels=6), 'deconv_channels: expected positive integers, got 6'),
        (dict(in_channels=-8), 'in_channels: expected positive integers'),
        (dict(num_basic_blocks=-1), 'num_basic_blocks: expected integers of at least 0'),
        (dict(num_keypoints=0), 'num_keypoints: expected positive integers'),
        (dict(tag_dim=0), 'tag_dim: expected positive integers'),
    ],
)
def test_impossible_numbers(values, message):
    with pytest.raises(LitePoseError, match=message):
        HigherHRNetHead(**{**dict(in_channels=8, num_keypoints=5), **values})


def test_a_feature_of_another_architecture():
    """As if only the backbone's ``arch`` had been changed in a config."""
    backbone = EfficientHRNet(-4)
    with pytest.raises(LitePoseError, match='head.in_channels: expected 14, .* got 32'):
        HigherHRNetHead(32, 17)(backbone(torch.zeros(1, 3, 64, 64)))
