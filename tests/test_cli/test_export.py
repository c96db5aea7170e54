"""``litepose export`` and ``litepose benchmark`` on a small model, as a user runs them."""

import json
import re
import shutil

import cv2
import numpy as np
import pytest
import torch
from exported import tiny_estimator

from litepose_mm.cli import main
from litepose_mm.errors import LitePoseError
from litepose_mm.runtime import ModelCard, PoseEstimator

pytest.importorskip('onnx')
pytest.importorskip('onnxruntime')


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    """A config, weights and an image."""
    folder = tmp_path_factory.mktemp('tiny')
    model = tiny_estimator().model
    model.cfg.dump(str(folder / 'tiny.py'))
    torch.save(model.state_dict(), folder / 'tiny.pth')
    small = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    image = cv2.resize(small, (64, 64), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(folder / 'image.png'), image)
    return folder


@pytest.fixture
def cli(tiny, tmp_path, capsys, monkeypatch):
    """``cli(*arguments)`` runs in an empty folder; returns status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return run


def export(cli, tiny, *arguments):
    config, weights = tiny / 'tiny.py', tiny / 'tiny.pth'
    return cli('export', config, '--weights', weights, '--out', 'out', *arguments)


def test_export_verify_and_benchmark(cli, tiny, tmp_path):
    image = tiny / 'image.png'
    status, out, err = export(cli, tiny, '--flip', '--verify', image, '--threads', 1)
    assert (status, err) == (0, '')
    lines = out.splitlines()
    assert lines[1:5] == [
        'including the flip test, which doubles the time: --no-flip turns it off',
        'wrote model.onnx and model.json to out',
        'comparing with torch',
        'wrote report.md, report.json, report.png in out',
    ]
    assert len(lines) == 9 and lines[5].startswith('1 image: ')
    assert lines[8].startswith('verified: ')
    assert lines[7].startswith('time per frame: ')
    assert json.loads((tmp_path / 'out' / 'report.json').read_text())['keypoints']['max'] < 0.1
    card = ModelCard.load('out')
    assert (card.name, card.flip_test, card.input_shape) == ('tiny', True, None)

    torch_model = f'{tiny / "tiny.py"}={tiny / "tiny.pth"}'
    status, out, err = cli('benchmark', torch_model, 'out', '--images', image, '--rounds', 2,
                           '--flip', '--json', 'a.json', '--plot', 'a.svg')  # fmt: skip
    assert (status, err) == (0, '')
    assert '1 thread(s)' in ' '.join(out.split())
    figures = json.loads((tmp_path / 'a.json').read_text())
    eager, exported = figures['models']
    assert eager['model'] == 'tiny (torch, fp32, flip)'
    assert exported['model'] == 'tiny (onnxruntime, fp32, flip)'
    assert eager['people_per_image'] == exported['people_per_image'] > 0
    assert exported['milliseconds']['total']['p50'] > 0
    assert eager['short_side'] == exported['short_side'] == 64
    assert 'torch' in eager['versions'] and 'onnxruntime' in exported['versions']
    assert (figures['threads'], figures['rounds'], figures['images']) == (1, 2, 1)
    assert '<svg' in (tmp_path / 'a.svg').read_text()


def test_int8(cli, tiny, tmp_path):
    images = tmp_path / 'images'
    images.mkdir()
    for number in range(10):
        shutil.copy(tiny / 'image.png', images / f'{number}.png')
    status, out, err = export(
        *(cli, tiny, '--precision', 'int8', '--calibration', images),
        *('--verify', tiny / 'image.png', '--threads', 1),
    )
    assert (status, err) == (0, '')
    assert 'calibrating on 10 images' in out
    assert re.search(r'int8 in \d+ of \d+ convolutions, calibrated on 10 images; in float32: ', out)
    assert 'the network takes ' in out
    assert '## Int8' in (tmp_path / 'out/report.md').read_text()


def test_benchmark_on_a_drawn_scene(cli, tiny):
    assert export(cli, tiny, '--static', '64x128', '--no-flip')[0] == 0
    assert ModelCard.load('out').input_shape == (128, 64)
    shutil.copytree('out', 'twin')
    status, out, _ = cli('benchmark', 'out', 'twin', 'out', '--rounds', 1)
    assert status == 0
    for name in ('out 1', 'twin', 'out 3'):
        assert f'tiny (onnxruntime, fp32) {name} ' in out


def test_weights_by_position_and_a_folder_by_default(cli, tiny, tmp_path):
    status, out, _ = cli('export', tiny / 'tiny.py', tiny / 'tiny.pth', '--backend', 'onnxruntime')
    assert status == 0 and 'exported/tiny_onnxruntime_fp32' in out
    assert ModelCard.load('exported/tiny_onnxruntime_fp32').engine == 'onnxruntime'
    status, _, err = cli('export', tiny / 'tiny.py', 'a.pth', '--weights', 'b.pth')
    assert status == 2 and 'expected WEIGHTS once, got a.pth and b.pth' in err


def test_tensorrt(cli, tiny, tmp_path):
    status, out, _ = export(cli, tiny, '--engine', 'tensorrt')
    assert status == 0
    assert 'wrote model.onnx, trtexec.txt and model.json' in out
    with pytest.raises(LitePoseError, match='trtexec.txt'):
        PoseEstimator(tmp_path / 'out')


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--engine', 'coreml'], 'engine: expected one of'),
        (['--annotations', 'a.json'], '--annotations: expected --verify'),
        (['--engine', 'tensorrt', '--verify', '.'], '--verify: tensorrt cannot run here'),
        (['--verify', 'nowhere'], 'nowhere'),
        (['--verify', '.', '--annotations', 'nowhere.json'], 'nowhere.json'),
        (['--out', 'a' * 300], 'cannot write aaa'),
        (['--static', '64'], "expected WIDTHxHEIGHT, e.g. 640x448, got '64'"),
        (['--precision', 'fp16'], 'precision: expected fp32 or int8'),
        (['--precision', 'int8'], 'give --calibration DIR'),
        (['--calibration', '.'], 'expected the precision int8'),
        (['--precision', 'int8', '--max-ap-loss', '1'], '--max-ap-loss: expected --verify and'),
    ],
)
def test_refused(cli, tiny, tmp_path, arguments, message):
    status, _, err = export(cli, tiny, *arguments)
    assert status == 2
    assert message in ' '.join(err.split())
    assert not list(tmp_path.iterdir())


def test_benchmark_refuses(cli, tiny):
    status, _, err = cli('benchmark', 'litepose-xxl')
    assert status == 2
    assert 'litepose-xxl' in err
    # before anything is timed
    for option, message in (
        (('--plot', 'a.txt'), '--plot: '),
        (('--json', '.'), 'cannot write .: it is a folder'),
    ):
        status, out, err = cli('benchmark', 'litepose-xxl', *option)
        assert (status, out) == (2, '') and message in err


def test_a_model_that_differs_has_a_status(cli, tiny, monkeypatch):
    monkeypatch.setattr('litepose_mm.deploy.verification._MOST_APART', -1.0)
    status, out, _ = export(cli, tiny, '--verify', tiny / 'image.png', '--threads', 1)
    assert status == 1 and 'not verified: expected 99 % of the keypoints' in out
