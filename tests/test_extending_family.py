"""The family of docs/extend.md, from outside the package, is listed and used like our own."""

import importlib
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from runpy import run_path

import cv2
import families as checks
import numpy as np
import pytest
import torch

from litepose_mm.cli import main
from litepose_mm.families import get_family
from litepose_mm.zoo import get_model

ROOT = Path(__file__).resolve().parents[1]
MODEL = 'smallpose-8_coco'


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """The files of the documentation, an image, and weights as the family's authors write them."""
    folder = tmp_path_factory.mktemp('family')
    page = (ROOT / 'docs/extend.md').read_text(encoding='utf-8')
    for name in ('small_family.py', 'small_pose_256.py'):
        text = re.search(rf'```python\n( *# {name}\n.*?)```', page, re.S)[1]
        (folder / name).write_text(textwrap.dedent(text))
    image = np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / 'image.png'), image)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv('LITEPOSE_CACHE', str(folder / 'cache'))
        module = importlib.import_module('small_family')
        family = get_family('smallpose')
        torch.manual_seed(0)
        network = checks.build(family, 'smallpose-8', 17, device='cpu')
        for tensor in network.head.parameters():
            tensor.data *= 1e2  # so that heatmaps have peaks
        theirs = checks.to_authors(checks.weights(network), family)
        torch.save({'module.' + name: value for name, value in theirs.items()}, folder / 'w.pth')
        yield folder
    del module.SmallPose.name  # so that other tests do not find it


@pytest.mark.parametrize('variant', ['smallpose-8', 'smallpose-16'])
def test_what_every_family_does(folder, variant):
    family = get_family('smallpose')
    checks.check_recognised(family, variant, 17)
    checks.check_authors_names(family, variant)
    checks.check_deploy_form(family, variant)


def test_its_model_is_of_the_zoo(folder, capsys):
    checks.check_entry(get_model(MODEL), get_family('smallpose'))
    assert main(['models']) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if MODEL in line]
    assert line.split() == [MODEL, '17', '256x256', '0.00M', '0.01G', '–', '–']


def test_the_authors_weights_are_converted(folder):
    convert = run_path(str(ROOT / 'tools/model_converters/authors_to_mmpose.py'))['convert']
    line = convert(folder / 'w.pth', folder / 'ours.pth')
    assert line.startswith('smallpose-8, 17 keypoints, 6 tensors; config: /')


def test_commands(folder, monkeypatch, capsys):
    pytest.importorskip('onnx')
    monkeypatch.chdir(folder)
    few = 'model.head.decoder.decode_topk=2'  # people, since decoding a random network takes long
    small = ['--short-side', '64', '--config-options', few]
    model = ['--model', MODEL, '--weights', 'w.pth', *small]
    assert main(['predict', 'image.png', *model, '--out-dir', 'people']) == 0
    document = json.loads((folder / 'people/results.json').read_text())
    assert document['info']['model'] == MODEL and document['annotations']
    export = ['export', MODEL, 'w.pth', '--out', 'out', '--no-flip', '--verify', 'image.png']
    assert main([*export, *small]) == 0
    assert json.loads((folder / 'out/model.json').read_text())['name'] == MODEL
    assert main(['benchmark', 'out', '--images', 'image.png', '--rounds', '1']) == 0
    webcam = ['webcam', 'image.png', '--no-display', '--jsonl', 'lines.jsonl']
    for chosen in (model, ['--model', 'out']):
        assert main([*webcam, *chosen]) == 0
        (line,) = (folder / 'lines.jsonl').read_text().splitlines()
        assert json.loads(line)['people']


def test_an_installed_package_brings_it(folder, tmp_path):
    """A process that was told nothing finds the family by the entry point."""
    facts = tmp_path / 'small-1.dist-info'
    facts.mkdir()
    (facts / 'METADATA').write_text('Metadata-Version: 2.1\nName: small\nVersion: 1\n')
    (facts / 'entry_points.txt').write_text('[litepose_mm]\nsmall = small_family\n')
    paths = [str(tmp_path), str(folder), os.environ.get('PYTHONPATH', '')]
    done = subprocess.run(
        [sys.executable, '-m', 'litepose_mm', 'models', '--json'],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(paths)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[-1]['name'] == MODEL
