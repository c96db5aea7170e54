"""Costs from an architecture alone are those that are counted on the network."""

from dataclasses import replace

import networks
import numpy as np
import pytest
from supernets import SPACE

from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.families.litepose import ARCHITECTURES
from litepose_mm.nas.network_layers import architecture_complexity
from litepose_mm.nas.search_spaces import SEARCH_SPACES
from litepose_mm.zoo import MODELS


@pytest.mark.parametrize('name', MODELS)
def test_published_figures(name):
    entry = MODELS[name]
    keypoints = {'crowdpose': 14, 'coco': 17}[entry.dataset]
    counted = architecture_complexity(ARCHITECTURES[entry.variant], keypoints)
    assert (counted.params, counted.macs, counted.paper_macs) == (
        entry.params,
        entry.macs,
        entry.paper_macs,
    )


def drawn():
    rng = np.random.default_rng(0)
    small = [SPACE.decode(SPACE.sample(rng)) for _ in range(6)]
    space = SEARCH_SPACES['litepose-xs']
    return [
        networks.TINY,
        replace(networks.TINY, fusion=False),
        *small,
        space.decode(space.sample(rng)),
    ]


@pytest.mark.parametrize('arch', drawn())
@pytest.mark.parametrize('size', [None, (96, 64)])
def test_any_network(arch, size):
    network = networks.litepose(arch, num_keypoints=5)
    height, width = size or (arch.img_size, arch.img_size)
    assert architecture_complexity(arch, 5, size) == measure_complexity(network, (3, height, width))
