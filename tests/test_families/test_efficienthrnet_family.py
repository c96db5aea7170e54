import json
from dataclasses import replace

import pytest
import torch
from families import build, to_authors, weights
from mmengine.config import Config
from mmpose.models import build_pose_estimator

from litepose_mm.checkpoints import load_weights, recognise
from litepose_mm.errors import LitePoseError
from litepose_mm.families import get_family
from litepose_mm.families.efficienthrnet import (
    MAX_PHI,
    MIN_PHI,
    EfficientHRNetArchitecture,
    compound_scaling,
    get_architecture,
)
from litepose_mm.utils.paths import config_path

FAMILY = get_family('efficienthrnet')
#: Table 1: input, widths, modules, sizes of tags and of heatmaps.
TABLE_1 = {
    0: (512, (32, 64, 128, 256), (1, 4, 3), 128, 256),
    -1: (480, (26, 52, 103, 206), (1, 3, 3), 120, 240),
    -2: (448, (21, 42, 83, 166), (1, 2, 3), 112, 224),
    -3: (416, (17, 34, 67, 133), (1, 1, 3), 104, 208),
    -4: (384, (14, 27, 54, 107), (1, 1, 2), 96, 192),
}
#: Channels and numbers of blocks of the seven stages, and the stem, as released.
EFFICIENTNETS = {
    0: (32, (16, 24, 40, 80, 112, 192, 320), (1, 2, 2, 3, 3, 4, 1)),
    -1: (32, (16, 24, 40, 72, 104, 176, 288), (1, 2, 2, 3, 3, 4, 1)),
    -2: (24, (16, 24, 32, 64, 96, 160, 264), (1, 2, 2, 3, 3, 3, 1)),
    -3: (24, (16, 24, 32, 64, 88, 144, 240), (1, 2, 2, 2, 2, 3, 1)),
    -4: (24, (16, 16, 32, 56, 80, 128, 216), (1, 1, 1, 2, 2, 2, 1)),
}


@pytest.mark.parametrize('phi', TABLE_1)
def test_table_1(phi):
    network = compound_scaling(phi)
    size, widths, modules, tags, heatmaps = TABLE_1[phi]
    assert (network.img_size, network.widths, network.modules) == (size, widths, modules)
    assert (size // 4, size // 2) == (tags, heatmaps)
    assert network.deconv_channels == widths[:1]
    assert (network.stem, *map(tuple, zip(*network.stages))) == EFFICIENTNETS[phi]


def test_the_formula_beyond_the_table():
    smallest = compound_scaling(MIN_PHI)
    assert smallest.modules == (1, 1, 1) and smallest.img_size == 352
    sizes = [compound_scaling(phi) for phi in range(MIN_PHI, MAX_PHI + 1)]
    for small, large in zip(sizes, sizes[1:]):
        assert small.img_size < large.img_size
        for name in ('widths', 'modules', 'stages'):
            assert all(a <= b for a, b in zip(getattr(small, name), getattr(large, name)))


@pytest.mark.parametrize('phi', [MIN_PHI - 1, MAX_PHI + 1, -1.5, '0', True, None])
def test_an_impossible_coefficient(phi):
    with pytest.raises(LitePoseError, match='phi: expected a whole number from -5.* to 7, .*got'):
        compound_scaling(phi)


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(img_size=100), 'img_size: expected a multiple of 32, got 100'),
        (dict(widths=(8, 8)), 'widths: expected 4 entries, got 2'),
        (dict(stem=0), 'stem: expected positive integers, got .0.'),
        (dict(widths=(8, 8.5, 16, 16)), 'widths: expected positive integers, got .8, 8.5'),
    ],
)
def test_impossible_values(values, message):
    with pytest.raises(LitePoseError, match=message):
        replace(compound_scaling(0), **values)


def test_plain_values():
    network = replace(compound_scaling(-4), widths=(8, 12, 24, 40), deconv_channels=(10,))
    assert get_architecture(network.to_dict()) == network
    with pytest.raises(LitePoseError, match='EfficientHRNet: .*unexpected keyword .*depth'):
        EfficientHRNetArchitecture.from_dict(dict(network.to_dict(), depth=3))


def test_names_and_files(tmp_path):
    path = tmp_path / 'found.json'
    path.write_text(json.dumps(compound_scaling(-2).to_dict()))
    for source in ('efficienthrnet-h-2', path, str(path), -2):
        assert get_architecture(source) == compound_scaling(-2)
    with pytest.raises(LitePoseError, match="unknown architecture 'h0'; did you mean .*-h0"):
        get_architecture('h0')
    path.write_text('[1, 2]')
    with pytest.raises(LitePoseError, match='found.json: EfficientHRNet'):
        get_architecture(path)


def test_a_network_of_ones_own_is_recognised():
    own = replace(
        compound_scaling(0),
        stem=8,
        stages=((8, 2), (8, 1), (12, 1), (12, 2), (16, 1), (20, 2), (24, 1)),
        widths=(8, 12, 24, 40),
        modules=(1, 2, 1),
        branch_blocks=1,
        deconv_channels=(10,),
        deconv_blocks=0,
    )

    class Own(type(FAMILY)):
        variants = {'own': own}

    found = recognise(weights(build(Own(), 'own', 5)))
    assert found.architecture == own
    assert (found.variant, found.num_keypoints) == (None, 5)


@pytest.mark.parametrize('phi', [-1, -4, 1])
def test_any_size_may_have_tags_at_both_levels(phi):
    """The authors' H0 has them; whether their other weights have is not known."""
    both = compound_scaling(phi, tag_levels=(True, True))
    assert replace(both, tag_levels=(True, False)) == compound_scaling(phi)

    class Own(type(FAMILY)):
        variants = {'own': both}

    network = build(Own(), 'own', 17)
    assert len(network.head.final_layers[1].weight) == 34
    found = recognise(weights(network))
    assert (found.architecture, found.variant) == (both, None)


def test_a_config_takes_weights_with_tags_at_both_levels(tmp_path):
    both = compound_scaling(-4, tag_levels=(True, True))

    class Own(type(FAMILY)):
        variants = {'own': both}

    state = weights(build(Own(), 'own', 17, 'cpu'))
    torch.save(to_authors(state, FAMILY), tmp_path / 'h-4.pth')
    config = Config.fromfile(config_path('ae_efficienthrnet-h-4_4xb8-300e_coco-384x384'))
    with pytest.raises(LitePoseError, match=r'final_layers.1.weight \(34, 14, 1, 1\), model \(17,'):
        load_weights(build_pose_estimator(config.model), tmp_path / 'h-4.pth')
    config.merge_from_dict({'model.head.tag_levels': (True, True)})
    network = build_pose_estimator(config.model)
    load_weights(network, tmp_path / 'h-4.pth')
    own = weights(network)
    assert own.keys() == state.keys() and all(torch.equal(own[k], v) for k, v in state.items())
    assert network.head.level_channels == (34, 34)
