"""EfficientHRNet's supernet: what is read of the wide network is what the plain one has."""

import json
from dataclasses import replace

import networks  # noqa: F401  (makes MMPose's scope the default)
import numpy as np
import pytest
import torch
from mmpose.models import build_pose_estimator
from pipelines import ae_codec
from supernets import randomise

from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.errors import LitePoseError
from litepose_mm.families import families
from litepose_mm.families.efficienthrnet import ARCHITECTURES, EfficientHRNetArchitecture
from litepose_mm.nas import (
    NetworkCosts,
    copy_subnet,
    get_search_space,
    sort_channels,
    subnet_model,
)
from litepose_mm.nas.families.efficienthrnet import EfficientHRNetSearchSpace

FAMILY = families()['efficienthrnet']
#: All exchanges between branches, also those of several steps, in two modules of stage 4.
LARGEST = EfficientHRNetArchitecture(
    img_size=128,
    stem=8,
    stages=((8, 1), (8, 1), (12, 1), (12, 1), (16, 1), (20, 1), (24, 1)),
    widths=(6, 9, 12, 20),
    modules=(1, 1, 2),
    branch_blocks=1,
    deconv_channels=(6,),
    deconv_blocks=1,
)
SPACE = EfficientHRNetSearchSpace(LARGEST, img_sizes=(128, 64), ratios=(1, 0.7, 0.5))
PUBLISHED = get_search_space('efficienthrnet-h0-widths')


def config():
    model = FAMILY.model_config(LARGEST, 14, supernet=True)
    model['type'] = 'SupernetBottomupPoseEstimator'
    model['head']['decoder'] = ae_codec(input_size=(128, 128))
    model['backbone']['efficientnet'] = dict(drop_path=0.0)  # which is random in training
    return model


@pytest.fixture
def supernet():
    torch.manual_seed(0)
    return randomise(build_pose_estimator(config()).eval())


@pytest.fixture
def image():
    return torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def maps(model, image):
    return model.head(model.backbone(image))


def networks_of(space, count=5):
    rng = np.random.default_rng(0)
    drawn = [space.decode(space.sample(rng)) for _ in range(count)]
    return [space.largest, space.smallest, *drawn]


@pytest.mark.parametrize('arch', networks_of(SPACE))
@pytest.mark.parametrize('training', [False, True])
def test_extracted_network_equals_the_active_one(supernet, image, arch, training):
    supernet.activate(arch)
    plain = build_pose_estimator(subnet_model(config(), arch))
    assert type(plain.backbone).__name__ == 'EfficientHRNet' and plain.backbone.arch == arch
    copy_subnet(supernet, plain)
    for model in (supernet, plain):
        model.train(training)
    for ours, theirs in zip(maps(supernet, image), maps(plain, image), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


@pytest.mark.parametrize('arch', [LARGEST, SPACE.smallest])
def test_sides_are_multiples_of_its_stride(arch):
    model = config()
    model['head']['decoder'] = ae_codec(input_size=(160, 128))
    width, height = subnet_model(model, arch)['head']['decoder']['input_size']
    assert (width, height) == ((160, 128) if arch is LARGEST else (64, 64))  # 80 is none


def test_the_supernet_has_the_weights_of_the_largest_network(supernet):
    plain = build_pose_estimator(subnet_model(config(), LARGEST)).state_dict()
    own = supernet.state_dict()
    assert {k: v.shape for k, v in own.items()} == {k: v.shape for k, v in plain.items()}


@pytest.mark.parametrize('arch', networks_of(SPACE))
def test_costs_are_those_of_the_plain_network(supernet, arch):
    plain = build_pose_estimator(subnet_model(config(), arch))
    expected = measure_complexity(plain, (3, arch.img_size, arch.img_size))
    assert NetworkCosts(supernet).complexity(arch) == expected


@pytest.mark.parametrize('training', [False, True])
def test_sorted_channels_give_the_same(supernet, image, training):
    supernet.train(training)
    running = {k: v.clone() for k, v in supernet.state_dict().items()}
    before = maps(supernet, image)
    supernet.load_state_dict(running)  # without the statistics of this image
    sort_channels(supernet)
    for ours, theirs in zip(maps(supernet, image), before, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4 * theirs.std().item())
    block = supernet.backbone.stage4[1].branches[2][0]
    used = block.conv2.weight.abs().sum((0, 2, 3))
    assert (used.diff() <= 0).all()
    assert not torch.equal(
        block.conv1.weight, running['backbone.stage4.1.branches.2.0.conv1.weight']
    )


def test_every_channel_that_can_be_missing_is_sorted(supernet):
    groups, _ = supernet.backbone.channel_groups()
    moved = {(tensor.data_ptr(), axis) for group in groups for tensor, axis in group.along}
    full = {name: tensor.shape for name, tensor in supernet.backbone.state_dict().items()}
    narrow = build_pose_estimator(subnet_model(config(), SPACE.smallest)).backbone.state_dict()
    for name, tensor in supernet.backbone.state_dict().items():
        for axis, (size, most) in enumerate(zip(narrow[name].shape, full[name])):
            assert size == most or (tensor.data_ptr(), axis) in moved, (name, axis)


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(widths=(6, 9, 12, 21)), r'widths\[3\].* 20, got 21'),
        (dict(widths=(5, 9, 12, 20)), r'widths\[0\]: expected 6, got 5'),
        (dict(modules=(1, 1, 1)), r'modules: expected \(1, 1, 2\), got \(1, 1, 1\)'),
        (dict(stem=6), 'stem: expected 8, got 6'),
    ],
)
def test_an_architecture_that_is_no_part_is_refused(supernet, change, message):
    supernet.activate(SPACE.smallest)
    with pytest.raises(LitePoseError, match=message):
        supernet.activate(replace(LARGEST, **change))
    assert supernet.active_arch == SPACE.smallest
    assert supernet.backbone.stage2[0].branches[1][0].conv1.active_out_channels == 5


def test_a_space_of_another_family_is_refused(supernet):
    with pytest.raises(
        LitePoseError, match='expected .*EfficientHRNetArchitecture, got .*litepose'
    ):
        supernet.activate(get_search_space('litepose-lms').largest)


@pytest.mark.parametrize('space', [SPACE, PUBLISHED])
def test_genotypes_and_plain_data_round_trip(space):
    for arch in networks_of(space, 20):
        assert space.decode(space.encode(arch)) == arch
        assert arch.widths[0] == space.largest.widths[0]
    again = get_search_space(json.loads(json.dumps(space.to_dict())))
    assert again == space and again.genes == space.genes


def test_widths_are_rounded_up():
    assert [gene.choices for gene in SPACE.genes] == [
        (128, 64),
        (9, 7, 5),
        (12, 9, 6),
        (20, 14, 10),
    ]
    assert SPACE.size == 54
    assert PUBLISHED.genes[3].choices == (256, 192, 128, 64) and PUBLISHED.size == 192


def test_networks_as_users_name_them():
    assert PUBLISHED.network('efficienthrnet-h0') == ARCHITECTURES['efficienthrnet-h0']
    half = PUBLISHED.network(0.5)
    assert (half.widths, half.img_size) == ((32, 32, 64, 128), 512)
    assert PUBLISHED.describe(half) == {'input': 512, 'branches': '32, 32, 64, 128'}
    for size, baselines in zip((512, 448, 384), PUBLISHED.baselines(), strict=True):
        first, *_, last = baselines
        assert first == replace(PUBLISHED.largest, img_size=size)
        assert last.widths == (32, 1, 2, 4)
    with pytest.raises(LitePoseError, match='in this search space'):
        PUBLISHED.network('efficienthrnet-h-1')


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(img_sizes=(512, 496)), 'img_size: expected a multiple of 32, got 496'),
        (dict(ratios=(1, 1.5)), 'ratios of at most 1'),
        (dict(ratios=(0.5,)), r'not part of it: .*widths\[1\]: expected one of \(32,\)'),
        (dict(img_sizes=()), 'expected img_sizes, got none'),
    ],
)
def test_impossible_spaces_are_refused(change, message):
    with pytest.raises(LitePoseError, match=message):
        replace(PUBLISHED, **change)


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(depths=[[1]]), "expected largest, img_sizes, ratios; 'depths' is unknown"),
        (dict(largest='efficienthrnet-h9'), "unknown architecture 'efficienthrnet-h9'"),
    ],
)
def test_what_is_no_space_is_refused(change, message):
    with pytest.raises(LitePoseError, match=message):
        get_search_space(dict(PUBLISHED.to_dict(), **change))
