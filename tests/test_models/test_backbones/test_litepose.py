import pytest
import torch
from networks import TINY, litepose
from torch import nn

from litepose_mm.models.backbones.litepose import InvertedResidual, LitePose

TINY_DICT = TINY.to_dict()


@pytest.mark.parametrize('size', [(64, 64), (64, 128), (37, 50), (1, 1)])
def test_features_have_the_architectures_widths_and_strides(size):
    backbone = LitePose(TINY_DICT).eval()
    features = backbone(torch.zeros(2, 3, *size))
    assert len(features) == 5
    for feature, channels, stride in zip(features, TINY.channels, TINY.strides):
        assert feature.shape == (2, channels, *(-(-side // stride) for side in size))


def test_stages_that_nobody_asks_for_are_not_built():
    backbone = LitePose(TINY_DICT, out_indices=(0, 2))
    assert len(backbone.stages) == 2
    sum(feature.sum() for feature in backbone(torch.zeros(2, 3, 64, 64))).backward()
    assert all(parameter.grad is not None for parameter in backbone.parameters())


def test_out_indices():
    backbone = LitePose(TINY_DICT, out_indices=(0, 4)).eval()
    stem, deepest = backbone(torch.zeros(1, 3, 32, 32))
    assert stem.shape[1] == TINY.channels[0] and deepest.shape[1] == TINY.channels[4]
    with pytest.raises(ValueError, match=r'out_indices must lie in \[0, 4\]'):
        LitePose(TINY_DICT, out_indices=(5,))


@pytest.mark.parametrize(
    'in_channels, out_channels, stride, residual',
    [(8, 8, 1, True), (8, 8, 2, False), (8, 16, 1, False)],
)
def test_residual_only_where_shapes_agree(in_channels, out_channels, stride, residual):
    block = InvertedResidual(in_channels, out_channels, 6, 7, stride).eval()
    nn.init.zeros_(block.project.conv.weight)
    x = torch.randn(1, in_channels, 8, 8)
    out = block(x)
    assert torch.equal(out, x) if residual else not out.any()


def test_inner_width_is_rounded_to_eights():
    assert InvertedResidual(10, 10, 3, 3).expand.conv.out_channels == 32


def test_activations_and_norms_are_the_authors():
    backbone = LitePose(TINY_DICT)
    kinds = {type(m).__name__ for m in backbone.modules() if not list(m.children())}
    assert kinds == {'Conv2d', 'BatchNorm2d', 'ReLU6'}
    norms = [m for m in backbone.modules() if isinstance(m, nn.BatchNorm2d)]
    assert {(m.eps, m.momentum) for m in norms} == {(1e-5, 0.1)}
    assert all(m.bias is None for m in backbone.modules() if isinstance(m, nn.Conv2d))


def test_initial_weights_are_torchs():
    torch.manual_seed(0)
    model = litepose(TINY)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    model.init_weights()
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    # Kaiming uniform with a = sqrt(5): a deviation of 1 / sqrt(3 * fan_in).
    weight = model.backbone.stages[3][1].expand.conv.weight
    assert weight.std().item() == pytest.approx((3 * weight.shape[1]) ** -0.5, rel=0.1)


def test_layer_types_come_from_the_config():
    backbone = LitePose(TINY_DICT, norm_cfg=dict(type='GN', num_groups=4))
    assert not any(isinstance(m, nn.BatchNorm2d) for m in backbone.modules())


def test_every_parameter_gets_a_gradient():
    model = litepose(TINY).train()
    outputs = model.head.forward(model.extract_feat(torch.randn(2, 3, 64, 64)))
    sum(output.square().sum() for output in outputs).backward()
    assert all(p.grad is not None for p in model.parameters())
