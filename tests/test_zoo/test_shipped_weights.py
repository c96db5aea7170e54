import hashlib
import json
from dataclasses import replace

import pytest
import torch
from networks import TINY
from safetensors.torch import save_file

import litepose_mm.zoo.shipped_weights as shipped
from litepose_mm.apis.model_building import build_model
from litepose_mm.checkpoints import read_weights
from litepose_mm.errors import LitePoseError
from litepose_mm.structures import Skeleton
from litepose_mm.zoo import MODELS

NAME = 'litepose-xs_crowdpose'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with random weights and their card, in place of the package's."""
    monkeypatch.setattr(shipped, 'FOLDER', tmp_path)
    shipped.shipped_weights.cache_clear()
    torch.manual_seed(5)
    with pytest.warns(UserWarning, match='no weights'):
        network = build_model(NAME, device='cpu')
    state = {name: value.half() for name, value in network.state_dict().items()}
    path = tmp_path / f'{NAME}.safetensors'
    save_file(state, path)
    card = dict(
        model=NAME,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        date='2026-01-31',
        input_size=[256, 256],
        keypoints=['joint'] * 14,
        training={},
        accuracy=[],
        weaknesses=[],
        licence='none',
    )
    (tmp_path / f'{NAME}.json').write_text(json.dumps(card))
    shipped.shipped_weights.cache_clear()
    yield tmp_path
    shipped.shipped_weights.cache_clear()


@pytest.mark.parametrize('name', [NAME, 'litepose-xs'])
def test_they_are_the_default(folder, recwarn, name):
    torch.manual_seed(6)
    network = build_model(name, device='cpu')
    state = network.state_dict()
    assert not recwarn.list
    expected = shipped.shipped_weights()[NAME].checked_path()
    assert network.weights_file == expected
    assert state['backbone.stem.0.conv.weight'].dtype == torch.float32
    for key, value in read_weights(expected).state_dict.items():
        torch.testing.assert_close(state[key], value.to(state[key].dtype), rtol=0, atol=0)


def test_they_are_not_for_another_network(folder):
    arch = dict(TINY.to_dict(), _delete_=True)
    options = {'model.backbone.arch': arch, 'model.head.arch': arch}
    with pytest.warns(UserWarning, match='no weights'):
        network = build_model(NAME, device='cpu', cfg_options=options)
    assert network.weights_file is None


def test_another_file_is_one_line(folder):
    path = folder / f'{NAME}.safetensors'
    path.write_bytes(path.read_bytes() + b' ')
    with pytest.raises(LitePoseError, match=r'expected the sha256 \w{12}… of its card'):
        build_model(NAME, device='cpu')
    path.unlink()
    with pytest.raises(LitePoseError, match='no such file; reinstall litepose_mm'):
        build_model(NAME, device='cpu')


def test_a_model_with_two_files_of_weights(folder, monkeypatch):
    other = folder / 'litepose-xs_crowdpose-2.safetensors'
    state = read_weights(folder / f'{NAME}.safetensors').state_dict
    save_file({key: value + 1 for key, value in state.items()}, other)
    card = json.loads((folder / f'{NAME}.json').read_text())
    card['sha256'] = hashlib.sha256(other.read_bytes()).hexdigest()
    other.with_suffix('.json').write_text(json.dumps(card))
    shipped.shipped_weights.cache_clear()
    monkeypatch.setitem(MODELS, NAME, replace(MODELS[NAME], weights=(other.stem, NAME)))
    assert [each.name for each in shipped.weights_of(NAME)] == [other.stem, NAME]
    assert build_model('litepose-xs', device='cpu').weights_file == other
    assert build_model(NAME, NAME, device='cpu').weights_file == folder / f'{NAME}.safetensors'


@pytest.mark.parametrize('card', shipped.shipped_weights().values(), ids=lambda card: card.name)
def test_cards_of_this_package(card):
    entry = MODELS[card.model]
    assert card.checked_path().stat().st_size < 12e6
    assert card.input_size == entry.input_size
    network = build_model(card.model, device='cpu')
    assert card.keypoints == Skeleton.from_metainfo(network.dataset_meta).keypoint_names
    assert {'flip_test', 'ap', 'teacher_ap', 'data'} <= set(card.accuracy[0])
    assert {row['flip_test'] for row in card.accuracy} == {True, False}
    assert card.weaknesses and card.licence and card.training['samples'] > 0
