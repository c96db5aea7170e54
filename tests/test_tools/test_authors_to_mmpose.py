import importlib.util
import re
import sys

import pytest
import torch
from families import build, weights
from networks import TINY, litepose
from pretrained_files import efficientnet_file, hrnet_file, mobilenet_file
from supernets import build_supernet
from test_checkpoints import random_model, to_authors

from litepose_mm.checkpoints import check_fit, load_weights, read_weights, save_weights
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.families import get_family
from litepose_mm.utils.paths import mim_root


@pytest.fixture(scope='module')
def converter():
    path = mim_root() / 'tools/model_converters/authors_to_mmpose.py'
    spec = importlib.util.spec_from_file_location('authors_to_mmpose', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_converts(converter, tmp_path):
    source = random_model(1, 'litepose-xs')
    torch.save(
        {'module.' + k: v for k, v in to_authors(weights(source)).items()}, tmp_path / 'a.pth.tar'
    )
    line = converter.convert(tmp_path / 'a.pth.tar', tmp_path / 'b.pth')
    assert 'litepose-xs, 14 keypoints, 679 tensors' in line
    assert 'ae_litepose-xs_8xb16-500e_crowdpose-256x256.py' in line
    target = litepose('litepose-xs')
    meta = load_weights(target, tmp_path / 'b.pth')
    assert (meta['family'], meta['variant'], meta['num_keypoints']) == (
        'litepose',
        'litepose-xs',
        14,
    )
    assert meta['model']['backbone']['arch']['img_size'] == 256
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        for one, other in zip(*(m.head(m.extract_feat(image)) for m in (source, target))):
            assert torch.equal(one, other)


def test_unpublished_architecture(converter, tmp_path):
    torch.save(to_authors(weights(litepose(TINY, 5))), tmp_path / 'a.pth')
    line = converter.convert(tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert 'unpublished LitePose network, 5 keypoints' in line and 'config' not in line


def test_a_supernet(converter, tmp_path):
    source = build_supernet()
    torch.save(to_authors(weights(source)), tmp_path / 'a.pth')
    line = converter.convert(tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert 'a supernet of an unpublished LitePose network, 14 keypoints' in line
    target = build_supernet()
    for tensor in target.parameters():
        tensor.data.zero_()
    assert check_fit(target, tmp_path / 'b.pth') is None
    load_weights(target, tmp_path / 'b.pth')
    for name, tensor in weights(source).items():
        assert torch.equal(weights(target)[name], tensor)


def test_a_supernet_starts_from_a_plain_network(tmp_path):
    plain, supernet = random_model(1), build_supernet(TINY)
    before = {k: v.clone() for k, v in weights(supernet).items() if 'kernel_transforms' in k}
    save_weights(weights(plain), tmp_path / 'plain.pth', {})
    assert check_fit(supernet, tmp_path / 'plain.pth') is None
    load_weights(supernet, tmp_path / 'plain.pth')
    after = weights(supernet)
    assert before and all(torch.equal(after[name], value) for name, value in before.items())
    assert all(torch.equal(after[name], value) for name, value in weights(plain).items())


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda s: s.pop('first.0.0.weight'), '1 missing (backbone.stem.0.conv.weight)'),
        (lambda s: s.update({'first.7.weight': torch.zeros(1)}), 'first.7.weight'),
        (
            lambda s: s.update(
                {
                    'stage.0.0.Linear3x3.bias': torch.zeros(9),
                    'stage.0.0.Linear5x5.bias': torch.zeros(25),
                }
            ),
            'depthwise.conv.kernel_transforms.',
        ),
    ],
)
def test_missing_and_unexpected_names_fail(converter, tmp_path, change, message):
    state = to_authors(weights(random_model(1)))
    change(state)
    torch.save(state, tmp_path / 'a.pth')
    with pytest.raises(LitePoseError) as error:
        converter.convert(tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert message in str(error.value) and not (tmp_path / 'b.pth').exists()


def test_command_says_it_in_one_line(converter, tmp_path, monkeypatch, capsys):
    torch.save(weights(random_model(1)), tmp_path / 'ours.pth')
    monkeypatch.setattr(sys, 'argv', ['convert', str(tmp_path / 'ours.pth'), 'x.pth'])
    assert run_tool(converter.main) == 2
    error = capsys.readouterr().err
    assert error.startswith('convert: error: weights') and error.count('\n') == 1
    assert read_weights(tmp_path / 'ours.pth')


@pytest.mark.filterwarnings('ignore:.* tensors of the classifier')
@pytest.mark.parametrize(
    'make, name, family, facts',
    [
        (efficientnet_file, 'efficienthrnet-h-4', 'efficienthrnet', 'ae_efficienthrnet-h-4_4xb8'),
        (
            mobilenet_file,
            'lightweight-openpose',
            'lightweight_openpose',
            '1 are left out: backbone.layers.12.depthwise.conv.weight; config: .*paf_lightweight',
        ),
        (hrnet_file, 'higherhrnet-w16', 'higherhrnet', 'ae_higherhrnet-w16_4xb24'),
    ],
)
def test_a_pretrained_backbone(converter, tmp_path, make, name, family, facts):
    """It is recognised from shapes, and a training can load it."""
    content, source = make()
    torch.save(content, tmp_path / 'a.pth')
    line = converter.convert(tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert re.search(f'backbone of {name}, .* tensors.*{facts}', line)
    network = build(get_family(family), name, 17, 'cpu')
    assert re.match(r'\d+ missing', check_fit(network, tmp_path / 'b.pth', partly=True))
    own, state = source.state_dict(), read_weights(tmp_path / 'b.pth').state_dict
    for key, value in state.items():
        assert torch.equal(own[key.removeprefix('backbone.')], value)
    with pytest.raises(LitePoseError, match=r'missing \((backbone|head)'):
        load_weights(network, tmp_path / 'b.pth')


def test_a_backbone_of_another_size(converter, tmp_path):
    state = {'model.0.0.weight': torch.zeros(7, 3, 3, 3)}
    torch.save(state, tmp_path / 'a.pth')
    with pytest.raises(LitePoseError, match='expected the backbone of lightweight-openpose, .*got'):
        converter.convert(tmp_path / 'a.pth', tmp_path / 'b.pth')
    assert not (tmp_path / 'b.pth').exists()
