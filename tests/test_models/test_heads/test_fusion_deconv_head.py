from dataclasses import replace

import pytest
import torch
from networks import TINY, litepose

from litepose_mm.errors import LitePoseError
from litepose_mm.models.heads import FusionDeconvHead


def features(channels, strides, size=(64, 96), batch=1):
    return tuple(
        torch.randn(batch, c, *(-(-side // s) for side in size)) for c, s in zip(channels, strides)
    )


def test_levels():
    head = FusionDeconvHead(5, arch=TINY.to_dict()).eval()
    assert head.level_channels == (10, 5)
    coarse, fine = head(features(TINY.channels, TINY.strides))
    assert coarse.shape == (1, 10, 16, 24) and fine.shape == (1, 5, 32, 48)


@pytest.mark.parametrize('size', [(37, 50), (64, 65), (17, 33), (1, 1)])
def test_any_input_size(size):
    model = litepose(TINY)
    coarse, fine = model.head(model.extract_feat(torch.zeros(1, 3, *size)))
    assert coarse.shape[2:] == tuple(-(-side // 4) for side in size)
    assert fine.shape[2:] == tuple(-(-side // 2) for side in size)


def test_the_sum_is_one_deconvolution_over_concatenated_features():
    # The paper's figure 6 concatenates; the authors' code adds two transposed convolutions.
    head = FusionDeconvHead(5, arch=TINY.to_dict()).eval()
    deconv = head.deconvs[0]
    refined, raw = torch.randn(1, 24, 4, 6), torch.randn(1, 16, 4, 6)
    weight = torch.cat([deconv.refined.weight, deconv.raw.weight])
    both = torch.nn.functional.conv_transpose2d(
        torch.cat([refined, raw], 1), weight, stride=2, padding=1
    )
    expected = deconv.act(deconv.bn(both))
    torch.testing.assert_close(deconv(refined, raw), expected, atol=1e-5, rtol=1e-5)


def test_without_fusion_only_the_deepest_feature_counts():
    head = FusionDeconvHead(5, arch=replace(TINY, fusion=False)).eval()
    names = [name for name, _ in head.named_parameters()]
    assert not any('.raw.' in name for name in names)
    inputs = features(TINY.channels, TINY.strides)
    changed = tuple(torch.zeros_like(f) for f in inputs[:-1]) + inputs[-1:]
    for one, other in zip(head(inputs), head(changed)):
        assert torch.equal(one, other)


def test_other_levels():
    head = FusionDeconvHead(
        5,
        in_channels=(8, 12, 16),
        in_strides=(4, 8, 16),
        deconv_channels=(6, 6, 6),
        tag_levels=(True, False, True),
        tag_dim=2,
    ).eval()
    assert head.level_channels == (15, 5, 15)
    outputs = head(features((8, 12, 16), (4, 8, 16)))
    assert [tuple(o.shape) for o in outputs] == [(1, 15, 8, 12), (1, 5, 16, 24), (1, 15, 32, 48)]


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(), 'expected in_channels'),
        (dict(arch='litepose-s', in_channels=(1,)), 'either arch'),
        (dict(in_channels=(8, 8), in_strides=(4,), deconv_channels=(8, 8)), 'one stride per'),
        (dict(in_channels=(8,), in_strides=(4,), deconv_channels=(8,)), r'at least 2 .*\(8,\)'),
        (
            dict(in_channels=(8,), in_strides=(4,), deconv_channels=(8, 8, 8)),
            '3 transposed convolutions are too many',
        ),
        (dict(in_channels=(8, 8), in_strides=(8, 4), deconv_channels=(8, 8)), 'shallow to deep'),
        (dict(arch='litepose-s', tag_levels=(False, False)), 'at least one level'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        FusionDeconvHead(5, **options)


def test_features_in_another_order_are_one_line():
    head = FusionDeconvHead(5, in_channels=(8, 8), in_strides=(4, 8), deconv_channels=(8, 8))
    with pytest.raises(LitePoseError, match=r'shallow to deep.*\[8, 16\]'):
        head([torch.zeros(1, 8, 8, 8), torch.zeros(1, 8, 16, 16)])


def test_initial_outputs_of_a_given_size():
    head = FusionDeconvHead(5, arch=TINY.to_dict(), output_std=0.001)
    head.init_weights()
    assert all(level.abs().max() < 0.1 for level in head(features(TINY.channels, TINY.strides)))
    assert head.deconvs[0].refined.weight.std() > 0.01
