"""A family that adds its own elastic parts and search space needs nothing else."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.models import build_pose_estimator
from supernets import randomise
from toy_supernet import CONFIG, LARGEST, ToySpace

from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.engine.hooks import ArchitectureSamplingHook
from litepose_mm.errors import LitePoseError
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
from litepose_mm.nas.search_state import resume, save_generation

SPACE = get_search_space('toy-space')


@pytest.fixture
def supernet():
    torch.manual_seed(0)
    return randomise(build_pose_estimator(CONFIG).eval())


def drawn(count=8):
    rng = np.random.default_rng(0)
    return [SPACE.decode(SPACE.sample(rng)) for _ in range(count)]


@torch.no_grad()
def maps(model, arch):
    image = torch.randn(2, 3, 96, 64, generator=torch.Generator().manual_seed(1))
    size = (arch.img_size * 3 // 2, arch.img_size)
    image = torch.nn.functional.interpolate(image, size)
    return model.head(model.extract_feat(image))


def test_its_space_is_found():
    assert isinstance(SPACE, ToySpace)
    assert get_search_space(SPACE.to_dict()) == SPACE
    assert SPACE.network('smallest').width == 8
    with pytest.raises(LitePoseError, match='one of .*litepose.*toy-supernet'):
        get_search_space(dict(largest='nothing'))


@pytest.mark.parametrize('arch', drawn())
def test_networks_of_its_supernet(supernet, arch):
    supernet.activate(arch)
    config = subnet_config(Config(dict(model=CONFIG, search_space='toy-space')), arch)
    assert config.model.type == 'TopdownPoseEstimator'
    assert config.model.backbone == dict(type='ToyNet', arch=arch.to_dict())
    codec = config.model.head.decoder
    assert codec.input_size == (arch.img_size, arch.img_size * 3 // 2)
    assert codec.heatmap_size == tuple(side // 4 for side in codec.input_size)
    plain = build_pose_estimator(config.model).eval()
    copy_subnet(supernet, plain)
    torch.testing.assert_close(maps(supernet, arch), maps(plain, arch))
    size = (3, *reversed(codec.input_size))
    assert NetworkCosts(supernet).complexity(arch) == measure_complexity(plain, size)


def test_shared_layers_are_counted_at_each_call(supernet):
    first, second, _ = supernet.backbone.blocks
    second[0] = first[0]
    expected = measure_complexity(supernet, (3, 96, 64))
    assert NetworkCosts(supernet).complexity(LARGEST) == expected


def test_channels_are_sorted(supernet):
    before = maps(supernet, LARGEST)
    sort_channels(supernet)
    torch.testing.assert_close(maps(supernet, LARGEST), before, rtol=1e-4, atol=1e-5)
    used = supernet.backbone.project.weight.abs().sum((0, 2, 3))
    assert (used.diff() <= 0).all()


def test_networks_are_drawn_for_training(supernet):
    hook, runner = ArchitectureSamplingHook('toy-space'), SimpleNamespace(model=supernet, iter=3)
    hook.before_train(runner)
    hook.before_train_iter(runner, 0)
    (arch,) = supernet.training_archs
    assert SPACE.decode(SPACE.encode(arch)) == arch


def test_a_search(supernet, tmp_path):
    costs = NetworkCosts(supernet)
    limits = [('macs', 0.75 * costs.complexity(LARGEST).macs)]
    settings = EvolutionSettings(population=6, parents=2, generations=3)

    def search():
        return Evolution(SPACE, make_constraints(limits, costs, SPACE), settings)

    def scores(archs):
        return [arch.width * arch.img_size * len(arch.kernels) for arch in archs]

    evolution = search()
    while not evolution.is_finished:
        evolution.step(scores)
        save_generation(evolution, tmp_path)
    assert evolution.best.costs['macs'] <= limits[0][1]
    assert [arch.img_size for arch, _ in evolution.uniform] == [64, 32]
    again = search()
    resume(again, tmp_path)
    assert (again.best, again.uniform) == (evolution.best, evolution.uniform)
    write_report(evolution, tmp_path, Config(dict(model=CONFIG)))
    best = SPACE.decode(evolution.best.genotype)
    model = Config.fromfile(tmp_path / 'best.py').model
    assert build_pose_estimator(model).backbone.arch == best
    assert '| kernels |' in (tmp_path / 'search.md').read_text()
