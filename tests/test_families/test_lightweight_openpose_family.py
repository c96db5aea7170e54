import pytest
import torch
from families import build, to_authors, weights

from litepose_mm.checkpoints import fit, load_weights, recognise
from litepose_mm.decoding.part_affinity import BODIES
from litepose_mm.errors import LitePoseError
from litepose_mm.families import get_family
from litepose_mm.families.lightweight_openpose import Architecture

FAMILY = get_family('lightweight_openpose')
ONE, THREE = 'lightweight-openpose', 'lightweight-openpose-r3'


@pytest.fixture(scope='module')
def three():
    torch.manual_seed(0)
    return build(FAMILY, THREE, 17, 'cpu')


@pytest.mark.parametrize('variant, params', [(ONE, 4_091_698), (THREE, 7_308_964)])
def test_parameters(variant, params):
    assert sum(each.numel() for each in build(FAMILY, variant, 17).parameters()) == params


def test_two_stages_are_no_variant():
    network = Architecture(num_refinement_stages=2)
    config = FAMILY.model_config(network, 17)
    assert config['head']['num_refinement_stages'] == 2
    state = weights(build(FAMILY, THREE, 17))
    state = {key: value for key, value in state.items() if 'refinement_stages.2.' not in key}
    found = recognise(state)
    assert (found.variant, found.architecture) == (None, network)


@pytest.mark.parametrize('prefix', ['', 'module.'])
def test_a_training_checkpoint_of_the_authors(three, tmp_path, prefix):
    """A file with 3 stages serves the network with one, too."""
    state = to_authors(weights(three), FAMILY)
    # Old files lack the counters.
    state = {prefix + key: v for key, v in state.items() if 'num_batches' not in key}
    content = dict(state_dict=state, optimizer={'state': {}}, scheduler={}, iter=1, current_epoch=0)
    torch.save(content, tmp_path / 'checkpoint_iter_370000.pth')
    one, again = build(FAMILY, ONE, 17, 'cpu'), build(FAMILY, THREE, 17, 'cpu')
    with pytest.warns(UserWarning, match='156 tensors are left out.*refinement_stages.1'):
        load_weights(one, tmp_path / 'checkpoint_iter_370000.pth')
    load_weights(again, tmp_path / 'checkpoint_iter_370000.pth')
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = three.head.forward(three.extract_feat(image))
        for network in (one, again):
            outputs = network.head.forward(network.extract_feat(image))
            for own, other in zip(outputs, expected):
                assert torch.equal(own, other)


def test_too_few_stages_are_named(three):
    with pytest.raises(
        LitePoseError,
        match='expected those of lightweight-openpose-r3 .*got those of lightweight-openpose with',
    ):
        fit(three, weights(build(FAMILY, ONE, 17, 'cpu')), 'one.pth')


def test_keypoints_of_another_data_set(three):
    state = weights(build(FAMILY, THREE, 14, 'cpu'))
    with pytest.raises(LitePoseError, match='r3 with 17 keypoints, got .* with 14'):
        fit(three, state, 'crowdpose.pth')


@pytest.mark.parametrize('name, body', BODIES.items())
def test_knows_the_bodies(name, body):
    config = FAMILY.model_config(Architecture(), body.num_keypoints)
    assert config['head']['body'] == name


def test_refuses():
    with pytest.raises(LitePoseError, match='of 17 or 14 keypoints, got 16'):
        FAMILY.model_config(Architecture(), 16)
    with pytest.raises(LitePoseError, match='got a supernet'):
        FAMILY.model_config(Architecture(), 17, supernet=True)
