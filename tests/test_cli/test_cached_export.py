"""Models that are exported when they are first needed: kept, told apart, refused in one line."""

import argparse
import json
import os
import re
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from exported import need
from networks import TINY, litepose, make_it_see_people
from processes import killed_process

from litepose_mm.checkpoints import save_weights
from litepose_mm.cli import cached_export as module
from litepose_mm.cli import estimator_arguments as arguments
from litepose_mm.cli import main
from litepose_mm.cli.cached_export import cached_export
from litepose_mm.cli.commands import webcam
from litepose_mm.deploy.exported_folder import replacing_folder
from litepose_mm.errors import CannotExport, LitePoseError
from litepose_mm.inference import engines
from litepose_mm.inference.engines import base, quickest_engine
from litepose_mm.media import write_image
from litepose_mm.runtime import ModelCard
from litepose_mm.utils.paths import config_path
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


def test_the_key_holds_code_and_configs(tmp_path, monkeypatch):
    monkeypatch.setattr(module, 'mim_root', lambda: tmp_path)
    (tmp_path / 'configs').mkdir()
    hashes = []
    for text in ('a = 1', 'a = 2'):
        (tmp_path / 'configs' / 'base.py').write_text(text)
        hashes.append(module._code.__wrapped__())
    assert hashes[0] != hashes[1]


def test_the_last_used_are_kept(files, tmp_path, monkeypatch):
    monkeypatch.setattr(module, '_KEPT', 2)
    cache = tmp_path / 'cache'
    first = cached_export(*files, engine='onnxruntime')
    for number in range(3):
        other = cache / f'tiny-onnxruntime-{number:016x}'
        other.mkdir()
        os.utime(other, (number, number))
    strangers = [cache / 'tiny-onnxruntime-mine', cache / 'tiny2-onnxruntime-0123456789abcdef']
    for stranger in strangers:
        stranger.mkdir()
        os.utime(stranger, (0, 0))
    assert cached_export(*files, engine='onnxruntime') == first  # used, so it stays
    second = cached_export(*files, engine='onnxruntime', flip_test=True)
    assert set(cache.iterdir()) == {first, second, *strangers}


def test_a_home_that_cannot_be_written_to(files, tmp_path, monkeypatch):
    (tmp_path / 'home').touch()
    monkeypatch.delenv('LITEPOSE_CACHE')
    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    with pytest.raises(LitePoseError, match='cannot write .*set LITEPOSE_CACHE to a folder'):
        cached_export(*files, engine='onnxruntime')


def test_what_was_never_finished_is_removed(files, tmp_path):
    other = tmp_path / 'cache' / 'tiny-onnxruntime-0123456789abcdef'
    with killed_process(lambda: replacing_folder(other)) as kill:
        kill()
    assert list(other.iterdir())
    folder = cached_export(*files, engine='onnxruntime')
    assert list(folder.parent.iterdir()) == [folder]


def test_weights_are_needed(files):
    with pytest.raises(LitePoseError, match='expected weights'):
        cached_export('litepose-l_coco', engine='onnxruntime')
    with pytest.raises(LitePoseError, match='cannot read .*gone.pth'):
        cached_export(files[0], files[1].with_name('gone.pth'), engine='onnxruntime')


@pytest.mark.parametrize('engine', ['auto', 'torch', 'onnxruntime'])
def test_webcam_takes_an_engine(files, tmp_path, capsys, monkeypatch, engine):
    monkeypatch.chdir(tmp_path)
    config, weights = files
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    write_image('images/0.png', image)
    arguments = ['--model', config, '--weights', str(weights), '--device', 'cpu']
    status = main(
        ['webcam', 'images', '--no-display', '--jsonl', 'o.jsonl', '--min-score', '0']
        + [*arguments, '--engine', engine]
    )
    out, err = capsys.readouterr()
    assert status == 0 and out.startswith('1 frame')
    used = dict(auto=quickest_engine(), torch=None).get(engine, engine)
    assert (f'for {used}' in err) is (used is not None)
    assert json.loads((tmp_path / 'o.jsonl').read_text())['people']


@pytest.mark.parametrize(
    ('installed', 'expected'),
    [
        (['openvino', 'onnxruntime', 'onnx'], 'openvino'),
        (['onnxruntime', 'onnx'], 'onnxruntime'),
        (['openvino', 'onnxruntime'], None),  # nothing can be exported
        (['onnx'], None),
    ],
)
def test_the_quickest_engine(monkeypatch, installed, expected):
    monkeypatch.setattr(base, 'find_spec', lambda name: name in installed or None)
    assert quickest_engine() == expected


@pytest.mark.parametrize(
    ('has_driver', 'has_cuda', 'device', 'expected'),
    [
        (False, True, None, ('openvino', None)),
        (True, False, None, ('openvino', None)),  # a build of torch for processors
        (True, True, None, ('torch', None)),
        (True, True, 'cpu', ('openvino', 'cpu')),
        (True, True, 'cuda:1', ('torch', 'cuda:1')),
        (False, False, 'cuda:1', ('openvino', 'cpu')),
        (False, False, 'gpu', ('openvino', 'cpu')),
    ],
)
def test_the_quickest_on_a_gpu(monkeypatch, has_driver, has_cuda, device, expected):
    monkeypatch.setattr(arguments.shutil, 'which', lambda name: 'somewhere' if has_driver else None)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: has_cuda)
    monkeypatch.setattr(
        engines, 'quickest_engine', lambda converts, device='cpu': {'cpu': 'openvino'}.get(device)
    )
    args = argparse.Namespace(model='litepose-xs', weights=None, config_options=[], device=device)
    assert arguments._quickest(args) == expected


def test_options_that_an_engine_cannot_have(files, capsys):
    config, weights = files
    model = ['webcam', '0', '--no-display', '--model', config, '--weights', str(weights)]
    assert main([*model, '--engine', 'onnxruntime', '--device', 'mps']) == 2
    assert 'device: expected cpu for onnxruntime' in capsys.readouterr().err
    assert main([*model, '--device', 'quantum']) == 2
    assert '--device: expected one of cpu, tensorrt, cuda' in capsys.readouterr().err
    assert main([*model, '--batch-size', '2']) == 2
    assert 'unrecognized arguments: --batch-size 2' in capsys.readouterr().err


def test_bundled_models_are_exported_for_engines_that_read_no_onnx(monkeypatch):
    asked = []

    def refuse(*args, **options):
        asked.append((args, options['engine'], options['precision']))
        raise CannotExport('not now')

    monkeypatch.setattr(arguments, 'cached_export', refuse)
    assert main(['webcam', '0', '--no-display', '--model', 'litepose-xs', '--engine', 'tvm']) == 2
    assert asked == [(('litepose-xs', None), 'tvm', 'fp32')]


@pytest.mark.parametrize('option', [[], ['--weights', 'litepose-xs_crowdpose']])
def test_bundled_weights_by_name_are_not_exported(monkeypatch, option):
    monkeypatch.setattr(arguments, 'cached_export', None)
    monkeypatch.setattr(webcam, 'make_pipeline_estimator', make_and_stop)
    with pytest.raises(Made) as made:
        main(['webcam', '0', '--no-display', '--engine', 'onnxruntime', *option])
    assert made.value.estimator.card.name == 'litepose-xs_crowdpose'


@pytest.mark.parametrize(
    'model, message',
    [
        ('litepose-m_coco', 'expected .*litepose-xs_crowdpose.* torch is not installed'),
        ('nosuch', "unknown model 'nosuch'"),
    ],
)
def test_models_without_torch(monkeypatch, capsys, model, message):
    found = lambda name: None if name == 'torch' else find_spec(name)  # noqa: E731
    monkeypatch.setattr(arguments, 'find_spec', found)
    assert main(['webcam', '0', '--no-display', '--model', model]) == 2
    assert re.search(message, capsys.readouterr().err)


def test_an_engine_that_is_not_installed(capsys):
    assert main(['webcam', '0', '--no-display', '--engine', 'tensorrt']) == 2
    assert '--engine: tensorrt is not installed' in capsys.readouterr().err


def test_an_engine_of_one_shape_says_so(files, capsys, monkeypatch):
    need('ncnn')
    config, weights = files
    monkeypatch.setattr(webcam, 'make_pipeline_estimator', make_and_stop)
    with pytest.raises(Made):
        main(['webcam', '0', '--model', config, '--weights', str(weights), '--engine', 'ncnn'])
    assert 'ncnn runs inputs of 256x256 only' in capsys.readouterr().err


def test_threads_of_torch(files, monkeypatch):
    threads = []
    monkeypatch.setattr(torch, 'set_num_threads', threads.append)
    config, weights = files
    options = ['--model', config, '--weights', str(weights), '--engine', 'torch', '--threads', '3']
    monkeypatch.setattr(webcam, 'make_pipeline_estimator', make_and_stop)
    with pytest.raises(Made) as made:
        main(['webcam', '0', '--no-display', '--device', 'cpu', *options])
    assert threads[0] == 3 and not made.value.estimator.model.test_cfg.flip_test


class Made(Exception):
    """An estimator, instead of what is done with it."""

    def __init__(self, estimator):
        self.estimator = estimator


def make_and_stop(args, is_live):
    raise Made(arguments.make_pipeline_estimator(args))


@pytest.mark.parametrize(
    'option',
    ['--flip', '--no-flip', '--weights a.pth', '--short-side 64'] + ['--config-options a=1'],
)
def test_an_exported_folder_has_its_options(files, tmp_path, capsys, option):
    folder = tmp_path / 'exported'
    folder.mkdir()
    command = ['webcam', '0', '--no-display', '--model', str(folder), *option.split()]
    assert main(command) == 2
    name = option.split()[0].replace('--no-', '--')
    error = capsys.readouterr().err
    assert name in error and str(folder) in error


def test_an_exported_folder_takes_a_device(files, capsys, tmp_path):
    folder = cached_export(*files, engine='onnxruntime')
    write_image(tmp_path / 'a.png', np.zeros((64, 96, 3), np.uint8))
    command = ['webcam', str(tmp_path / 'a.png'), '--no-display', '--model', str(folder)]
    capsys.readouterr()
    assert main([*command, '--device', 'DirectML']) == 0
    line = 'litepose: warning: onnxruntime finds no directml here; using cpu\n'
    assert capsys.readouterr().err == line
    assert main([*command, '--device', 'quantum']) == 2
    assert 'expected cpu for onnxruntime' in capsys.readouterr().err


def test_an_exported_folder_that_mirrors_says_so(files, capsys):
    folder = cached_export(*files, engine='onnxruntime', flip_test=True)
    capsys.readouterr()
    assert main(['webcam', '99', '--no-display', '--model', str(folder)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert 'litepose export --no-flip' in told[0]
    assert len(told) == 2


def test_an_exported_folder_has_its_engine(files, tmp_path, capsys):
    folder = cached_export(*files, engine='onnxruntime')
    write_image(tmp_path / 'a.png', np.zeros((8, 8, 3), np.uint8))
    capsys.readouterr()
    command = ['webcam', str(tmp_path / 'a.png'), '--no-display', '--model', str(folder)]
    assert main([*command, '--engine', 'torch']) == 2
    assert '--engine' in capsys.readouterr().err


def test_torch_runs_what_cannot_be_exported_but_not_what_is_wrong(
    files, capsys, tmp_path, monkeypatch
):
    config, weights = files
    write_image(tmp_path / 'images' / '0.png', np.zeros((64, 96, 3), np.uint8))
    webcam = ['webcam', f'{tmp_path}/images', '--no-display', '--device', 'cpu', '--model', config]
    assert main([*webcam, '--weights', 'gone.pth']) == 2
    err = capsys.readouterr().err
    assert err.count('gone.pth') == 1 and err.count('\n') == 1

    def refuse(*args, **options):
        raise CannotExport('such heads cannot be exported')

    monkeypatch.setattr(arguments, 'cached_export', refuse)
    assert main([*webcam, '--weights', str(weights)]) == 0
    assert 'using torch, because such heads' in capsys.readouterr().err
    assert main([*webcam, '--weights', str(weights), '--engine', 'onnxruntime']) == 2
