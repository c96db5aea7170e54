"""What is counted on the supernet is what each plain network costs."""

import networks
import numpy as np
import pytest
import torch
from mmpose.models import build_pose_estimator
from supernets import LARGEST, SPACE, build_supernet, supernet_config

from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.errors import LitePoseError
from litepose_mm.nas import NetworkCosts, search_spaces, subnet_model
from litepose_mm.nas.families.litepose import LitePoseSearchSpace


def drawn(space, count):
    rng = np.random.default_rng(0)
    return [space.largest, space.smallest] + [space.decode(space.sample(rng)) for _ in range(count)]


@pytest.fixture(scope='module')
def costs():
    return NetworkCosts(build_supernet())


@pytest.mark.parametrize('arch', drawn(SPACE, 12))
def test_a_network_of_the_supernet(costs, arch):
    plain = networks.litepose(arch)
    expected = measure_complexity(plain, (3, arch.img_size, arch.img_size))
    assert costs.complexity(arch) == expected
    supernet = build_supernet()
    supernet.activate(arch)
    assert measure_complexity(supernet, (3, arch.img_size, arch.img_size)) == expected
    assert costs.traffic(arch) == traffic(plain, arch.img_size)


@torch.no_grad()
def traffic(model, size):
    total = []
    convolutions = (torch.nn.Conv2d, torch.nn.ConvTranspose2d)
    for layer in model.modules():
        if isinstance(layer, convolutions):
            layer.register_forward_hook(
                lambda _, inputs, output: total.append(inputs[0].numel() + output.numel())
            )
    model.head(model.backbone(torch.zeros(1, 3, size, size)))
    return sum(total)


@pytest.mark.parametrize('name', LitePoseSearchSpace.published)
def test_published_spaces(name):
    space = LitePoseSearchSpace.published[name]
    config = supernet_config(space.largest, kernel_sizes=())
    with torch.device('meta'):
        costs = NetworkCosts(build_pose_estimator(config))
        for arch in drawn(space, 2):
            model = subnet_model(config, arch)
            assert costs.complexity(arch) == measure_complexity(
                build_pose_estimator(model), (3, arch.img_size, arch.img_size)
            )


def test_the_supernet_is_left_alone():
    supernet = build_supernet()
    supernet.activate(SPACE.smallest)
    NetworkCosts(supernet).complexity(LARGEST)
    assert supernet.active_arch == SPACE.smallest
    assert {parameter.device.type for parameter in supernet.parameters()} == {'cpu'}
    with torch.no_grad():
        assert supernet.head(supernet.backbone(torch.zeros(1, 3, 32, 32)))


def test_options_of_the_head_count():
    """There is no second description of the network that could miss them."""
    config = supernet_config()
    config['head']['kernel_size'] = 3
    costs = NetworkCosts(build_pose_estimator(config))
    plain = build_pose_estimator(subnet_model(config, LARGEST))
    assert costs.complexity(LARGEST) == measure_complexity(plain, (3, 64, 64))
    assert costs.complexity(LARGEST).macs < NetworkCosts(build_supernet()).complexity(LARGEST).macs


def test_an_architecture_that_is_no_part_is_refused(costs):
    with pytest.raises(LitePoseError, match='architecture: '):
        costs.complexity(search_spaces()['litepose-xs'].largest)
