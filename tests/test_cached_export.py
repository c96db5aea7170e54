"""Models that are exported when they are first needed: kept, told apart, refused in one line."""

import json

import numpy as np
import pytest
import torch
from networks import TINY, litepose, make_it_see_people

from litepose_mm.cached_export import cached_export
from litepose_mm.checkpoints import save_weights
from litepose_mm.cli import main
from litepose_mm.cli.estimator_arguments import quickest_engine
from litepose_mm.errors import LitePoseError
from litepose_mm.media import write_image
from litepose_mm.paths import config_path
from litepose_mm.runtime import ModelCard
from litepose_mm.zoo import get_model

pytest.importorskip('onnxruntime')


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A config of a small network and its weights; models are kept beside them."""
    monkeypatch.setenv('LITEPOSE_CACHE', str(tmp_path / 'cache'))
    base = config_path(get_model('litepose-xs_crowdpose').config)
    config = tmp_path / 'tiny.py'
    config.write_text(f"""
_base_ = r'{base}'
arch = dict(_delete_=True, **{TINY.to_dict()!r})
model = dict(backbone=dict(arch=arch), head=dict(arch=arch))
""")
    torch.manual_seed(0)
    state = make_it_see_people(litepose(TINY)).state_dict()
    weights = tmp_path / 'tiny.pth'
    save_weights({k: v for k, v in state.items() if 'data_preprocessor' not in k}, weights, {})
    return str(config), weights


def test_it_is_exported_once_for_each_set_of_options(files, capsys):
    config, weights = files
    folder = cached_export(config, weights, engine='onnxruntime')
    assert capsys.readouterr().err.startswith(f'litepose: exporting {config} for onnxruntime')
    assert cached_export(config, weights, engine='onnxruntime') == folder
    assert not capsys.readouterr().err
    flipped = cached_export(config, weights, engine='onnxruntime', flip_test=True)
    assert flipped != folder and ModelCard.load(flipped).flip_test
    assert not ModelCard.load(folder).flip_test
    with open(config, 'a') as file:
        file.write('note = 1\n')
    assert cached_export(config, weights, engine='onnxruntime') not in (folder, flipped)


def test_weights_are_needed(files):
    with pytest.raises(LitePoseError, match='expected weights, since the package has none for it'):
        cached_export('litepose-l_coco', engine='onnxruntime')
    with pytest.raises(LitePoseError, match='cannot read .*gone.pth'):
        cached_export(files[0], files[1].with_name('gone.pth'), engine='onnxruntime')


@pytest.mark.parametrize('engine', ['auto', 'torch', 'onnxruntime'])
def test_webcam_takes_an_engine(files, tmp_path, capsys, monkeypatch, engine):
    monkeypatch.chdir(tmp_path)
    config, weights = files
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    write_image('pictures/0.png', picture)
    arguments = ['--model', config, '--weights', str(weights), '--device', 'cpu']
    status = main(
        ['webcam', 'pictures', '--no-display', '--jsonl', 'o.jsonl', '--min-score', '0']
        + [*arguments, '--engine', engine]
    )
    out, err = capsys.readouterr()
    assert status == 0 and out.startswith('1 frame')
    used = dict(auto=quickest_engine(), torch=None).get(engine, engine)
    assert (f'for {used}' in err) is (used is not None)
    assert json.loads((tmp_path / 'o.jsonl').read_text())['people']


def test_an_exported_folder_has_its_engine(files, tmp_path, capsys):
    folder = cached_export(*files, engine='onnxruntime')
    write_image(tmp_path / 'a.png', np.zeros((8, 8, 3), np.uint8))
    capsys.readouterr()
    assert (
        main(['webcam', str(tmp_path / 'a.png'), '--model', str(folder), '--engine', 'torch']) == 2
    )
    assert 'is exported already, for the engine it names' in capsys.readouterr().err
