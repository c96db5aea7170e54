"""EfficientPose's search space, and the search by evolution in it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.models import build_pose_estimator
from searches import SPACE as DATA
from searches import search_config
from supernets import randomise

from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.engine.hooks import ArchitectureSamplingHook
from litepose_mm.errors import LitePoseError
from litepose_mm.families.efficientpose import ARCHITECTURES, get_architecture
from litepose_mm.nas import (
    Evolution,
    EvolutionSettings,
    NetworkCosts,
    copy_subnet,
    get_search_space,
    sort_channels,
    subnet_config,
)
from litepose_mm.nas.constraints import make_constraints
from litepose_mm.nas.search_report import write_report

SPACE = get_search_space(DATA)
CONFIG = Config(
    dict(
        search_space=DATA,
        model=dict(
            {key: value for key, value in search_config().items() if key != 'cost'},
            type='SupernetTopdownPoseEstimator',
            backbone=dict(type='ElasticEfficientPose', arch=DATA['largest'], kernel_sizes=[5, 3]),
        ),
    )
)


def drawn(count=8):
    rng = np.random.default_rng(0)
    return [SPACE.decode(SPACE.sample(rng)) for _ in range(count)]


def supernet():
    torch.manual_seed(0)
    return randomise(build_pose_estimator(CONFIG.model).eval())


def test_size():
    # 4 operations; the first block of a stage is always there
    assert SPACE.size == (4 + 4**2) * (4 + 4**2 + 4**3)
    found = {SPACE.decode(each) for each in np.ndindex(*[len(g.choices) for g in SPACE.genes])}
    assert len(found) == SPACE.size
    assert (
        get_search_space('efficientpose-large').largest
        == (ARCHITECTURES['efficientpose-large-k7e6'])
    )
    blocks = 6**4 * 7 ** (4 + 6 + 10 + 8 - 4)  # with the order in which blocks are left out
    assert get_search_space('efficientpose-small').size < blocks


@pytest.mark.parametrize('arch', drawn())
def test_genotypes_lead_back(arch):
    assert SPACE.decode(SPACE.encode(arch)) == arch == SPACE.network(arch.to_dict())
    assert get_search_space(SPACE.to_dict()) == SPACE


def test_resolution():
    space = get_search_space(
        dict(family='efficientpose', largest='efficientpose-small-k7e6', img_size=192)
    )
    assert space.largest.img_size == 192 and get_search_space(space.to_dict()) == space


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(kernel_sizes=[5, 4]), 'kernel_sizes: expected odd numbers'),
        (dict(expansions=[]), 'expansions: expected positive integers'),
        (dict(expansions=[6, 3]), 'a largest network of blocks K5_E6, got K5_E4'),
        (dict(depths=[1]), 'expected largest, kernel_sizes, .*, got largest, .*depths'),
    ],
)
def test_impossible_spaces(values, message):
    with pytest.raises(LitePoseError, match=message):
        get_search_space(DATA | values)


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(sic=False), 'sic: expected True, got False'),
        (dict(img_size=64), 'img_size: expected 32, got 64'),
        (dict(stages=SPACE.largest.stages[:1], img_size=32), 'expected 2 stages, got 1'),
    ],
)
def test_networks_of_another_space(change, message):
    with pytest.raises(LitePoseError, match=message):
        SPACE.encode(replace(SPACE.largest, **change))


def test_blocks_of_another_space():
    first, second = SPACE.largest.stages
    for stage, message in (
        (replace(second, channel=16), r'stages\[1\]: expected 12 channels and stride 2, got 16'),
        (replace(second, block_setting=((4, 5),) * 4), 'at most 3 blocks, got 4'),
        (replace(second, block_setting=((4, 7),)), r'blocks\[0\]: expected one of .*, got K7_E4'),
    ):
        with pytest.raises(LitePoseError, match=message):
            SPACE.encode(replace(SPACE.largest, stages=(first, stage)))


@torch.no_grad()
@pytest.mark.parametrize('arch', drawn())
def test_networks_of_the_supernet(arch):
    elastic = supernet()
    plain = build_pose_estimator(subnet_config(CONFIG, arch).model).eval()
    elastic.activate(arch)
    copy_subnet(elastic, plain)
    images = torch.randn(2, 3, 48, 32)
    outputs = [each.head(each.extract_feat(images)) for each in (elastic, plain)]
    torch.testing.assert_close(*outputs)
    assert NetworkCosts(elastic).complexity(arch) == measure_complexity(plain, (3, 48, 32))


@torch.no_grad()
def test_channels_are_sorted():
    elastic, images = supernet(), torch.randn(2, 3, 48, 32)
    before = elastic.head(elastic.extract_feat(images))
    sort_channels(elastic)
    torch.testing.assert_close(elastic.head(elastic.extract_feat(images)), before)


def test_evolution(tmp_path):
    """With as many parameters as possible as the score, it finds a network near the limit."""
    costs = NetworkCosts(supernet())
    limit = (costs.complexity(SPACE.largest).macs + costs.complexity(SPACE.smallest).macs) / 2
    constraints = make_constraints([('macs', limit)], costs, SPACE)
    settings = EvolutionSettings(population=12, parents=4, generations=4)
    evolution = Evolution(SPACE, constraints, settings)
    while not evolution.is_finished:
        evolution.step(lambda archs: [costs.complexity(arch).params for arch in archs])
    write_report(evolution, tmp_path, CONFIG)
    best = get_architecture(tmp_path / 'best.json')
    assert 0.8 * limit < costs.complexity(best).macs <= limit
    assert Config.fromfile(tmp_path / 'best.py').model.backbone.arch == best.to_dict()
    baseline = get_architecture(tmp_path / 'uniform/32.json')
    assert len({each for stage in baseline.stages for each in stage.block_setting}) == 1
    assert 'K3_E2' in (tmp_path / 'search.md').read_text()
    with pytest.raises(LitePoseError, match='that the smallest network of the space meets'):
        Evolution(SPACE, make_constraints([('macs', 10)], costs, SPACE))


def test_supernet_learns():
    from searches import batch

    elastic = supernet().train()
    elastic.training_archs = [SPACE.largest, SPACE.smallest]
    losses = elastic.loss(*batch())
    both = []
    for arch in elastic.training_archs:
        elastic.training_archs = [arch]
        both.append(elastic.loss(*batch())['loss_kpt'])
    torch.testing.assert_close(losses['loss_kpt'], sum(both) / 2)
    ArchitectureSamplingHook(SPACE)
