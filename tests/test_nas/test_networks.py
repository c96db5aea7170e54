"""The supernet, and the plain networks that are taken out of it."""

from dataclasses import replace

import networks
import numpy as np
import pytest
import torch
from mmpose.models import build_pose_estimator
from supernets import LARGEST, SPACE, build_supernet

from litepose_mm.errors import LitePoseError
from litepose_mm.families.litepose import Stage
from litepose_mm.nas import copy_subnet, sort_channels


@pytest.fixture
def supernet():
    return build_supernet()


@pytest.fixture
def image():
    return torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def assert_equal_outputs(one, other, image, **tolerance):
    ours, theirs = (model.head(model.backbone(image)) for model in (one, other))
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, **tolerance)


def architectures():
    rng = np.random.default_rng(0)
    drawn = [SPACE.decode(SPACE.sample(rng)) for _ in range(8)]
    return [LARGEST, SPACE.smallest, SPACE.uniform(0.75), *drawn]


@pytest.mark.parametrize('arch', architectures())
@pytest.mark.parametrize('training', [False, True])
def test_extracted_network_equals_the_active_one(supernet, image, arch, training):
    supernet.activate(arch)
    assert supernet.active_arch is arch
    subnet = networks.litepose(arch)
    copy_subnet(supernet, subnet)
    for model in (supernet, subnet):
        model.train(training)
    assert_equal_outputs(supernet, subnet, image, rtol=0, atol=1e-6)


def test_the_largest_network_has_the_weights_of_a_plain_one(supernet):
    plain = networks.litepose(LARGEST).state_dict()
    own = {k: v for k, v in supernet.state_dict().items() if 'kernel_transforms' not in k}
    assert {k: v.shape for k, v in own.items()} == {k: v.shape for k, v in plain.items()}


def test_only_what_is_active_learns(supernet, image):
    supernet.activate(SPACE.smallest)
    sum(level.sum() for level in supernet.head(supernet.backbone(image))).backward()
    block = supernet.backbone.stages[0][0]
    grad = block.expand.conv.weight.grad
    inner, width = 2 * SPACE.smallest.input_channel, SPACE.smallest.input_channel
    assert grad[:inner, :width].abs().max() > 0
    assert grad[inner:].abs().max() == grad[:, width:].abs().max() == 0
    assert block.depthwise.conv.kernel_transforms['3'].weight.grad is not None
    assert supernet.backbone.stages[0][1].expand.conv.weight.grad is None  # depth 1


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(input_channel=24), 'input_channel.* 16, got 24'),
        (dict(deconv_setting=(16, 16)), r'len\(deconv_setting\).* 3, got 2'),
        (dict(deconv_setting=(32, 16, 24)), r'deconv_setting\[2\].* 16, got 24'),
        (dict(fusion=False), 'fusion.* True, got False'),
        (dict(stages=LARGEST.stages[:3]), 'strides'),
        (
            dict(stages=(Stage(16, 2, ((2, 7),) * 3), *LARGEST.stages[1:])),
            r'backbone_setting\[0\]\.num_blocks.* 2, got 3',
        ),
        (
            dict(stages=(Stage(16, 2, ((2, 9),) * 2), *LARGEST.stages[1:])),
            r'block_setting\[0\]\[1\].* \(3, 5, 7\), got 9',
        ),
    ],
)
def test_an_architecture_that_is_no_part_is_refused(supernet, change, message):
    supernet.activate(SPACE.smallest)
    widths = active_widths(supernet)
    with pytest.raises(LitePoseError, match=message):
        supernet.activate(replace(LARGEST, **change))
    assert active_widths(supernet) == widths and supernet.active_arch == SPACE.smallest


def active_widths(supernet):
    return {
        name: layer.active_out_channels
        for name, layer in supernet.named_modules()
        if hasattr(layer, 'active_out_channels')
    }


def test_extraction_names_what_does_not_fit(supernet):
    wide = networks.litepose(replace(LARGEST, input_channel=24))
    with pytest.raises(LitePoseError, match='expected at most'):
        copy_subnet(supernet, wide)
    with pytest.raises(LitePoseError, match='wider network'):
        shallow = replace(LARGEST, stages=(Stage(16, 2, ((2, 7),)), *LARGEST.stages[1:]))
        copy_subnet(networks.litepose(shallow), networks.litepose(LARGEST))
    with pytest.raises(LitePoseError, match='only elastic layers have several'):
        copy_subnet(networks.litepose(LARGEST), networks.litepose(LARGEST.with_kernel(3)))


@pytest.mark.parametrize('fusion', [True, False])
@pytest.mark.parametrize('training', [False, True])
def test_sorted_channels_give_the_same(image, fusion, training):
    largest = replace(LARGEST, fusion=fusion)
    model, same = build_supernet(largest), build_supernet(largest)
    sort_channels(model)
    for each in (model, same):
        each.train(training)
    assert_equal_outputs(model, same, image, rtol=1e-4, atol=1e-5)
    # and they are sorted, most used first
    block = model.backbone.stages[1][0]
    used = block.project.conv.weight.abs().sum((0, 2, 3))
    assert (used.diff() <= 0).all()
    assert not torch.equal(
        block.project.conv.weight, same.backbone.stages[1][0].project.conv.weight
    )


def test_sorting_moves_every_channel():
    """Each weight of a convolution has a place among its inputs and one among its outputs."""
    supernet = build_supernet()
    inner, features = supernet.backbone.channel_groups()
    groups = [*inner, *supernet.head.channel_groups(features)[0]]
    moved = {(tensor.data_ptr(), axis) for group in groups for tensor, axis in group.along}
    for name, layer in supernet.named_modules():
        if isinstance(layer, torch.nn.BatchNorm2d) and not name.startswith('backbone.stem.'):
            assert (layer.running_mean.data_ptr(), 0) in moved, name


def test_a_supernet_without_elastic_parts_is_refused():
    config = dict(networks.litepose_config(LARGEST), type='SupernetBottomupPoseEstimator')
    with pytest.raises(LitePoseError, match='elastic backbone or head .* got .*LitePose'):
        build_pose_estimator(config)
