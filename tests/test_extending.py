"""A family, a decoder and an engine from outside the package work everywhere at once."""

import json
import os
import re
import subprocess
import sys
import textwrap
from importlib import import_module
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from mmpose.models import build_pose_estimator
from mmpose.registry import DATASETS

from litepose_mm import PoseEstimator as TorchEstimator
from litepose_mm.cli import main
from litepose_mm.deploy import export_model
from litepose_mm.deploy.verification import verify
from litepose_mm.inference.engines import get_engine
from litepose_mm.runtime import PoseEstimator

ROOT = Path(__file__).resolve().parents[1]

CONFIG = """
custom_imports = dict(imports=['litepose_mm.modules', 'toy_family'])
dataset_info = dict(
    dataset_name='arrows', joint_weights=[1, 1], sigmas=[0.05, 0.05],
    keypoint_info={
        0: dict(name='tail', id=0, color=[255, 0, 0], type='', swap=''),
        1: dict(name='tip', id=1, color=[0, 255, 0], type='', swap='')},
    skeleton_info={0: dict(link=('tail', 'tip'), id=0, color=[0, 0, 255])})
model = dict(
    type='BottomupPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor', mean=[0, 0, 0], std=[255, 255, 255], bgr_to_rgb=True),
    backbone=dict(type='ToyBackbone'),
    head=dict(type='ToyAffinityHead'),
    test_cfg=dict(flip_test=False))
test_dataloader = dict(dataset=dict(
    type='CocoDataset', metainfo=dataset_info, pipeline=[
        dict(type='LoadImage'),
        dict(type='BottomupResizeAlign', input_size=(64, 64), size_factor=32),
        dict(type='PackPoseInputs')]))
train_dataloader = test_dataloader
"""


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """An image with two arrows, and the family's config."""
    folder = tmp_path_factory.mktemp('toy')
    image = np.zeros((64, 96, 3), np.uint8)
    for y in (12, 40):
        image[y : y + 4, 16:60] = (255, 0, 0)  # BGR
        image[y : y + 4, 12:16] = (0, 0, 255)
        image[y : y + 4, 60:64] = (255, 255, 0)
    cv2.imwrite(str(folder / 'arrows.png'), image)
    (folder / 'toy_64.py').write_text(CONFIG)
    return folder


@pytest.fixture(scope='module')
def torch_side(folder):
    with pytest.warns(UserWarning, match='random'):
        return TorchEstimator(folder / 'toy_64.py', device='cpu')


def places(result):
    return sorted(result.keypoints.round().astype(int).tolist())


@pytest.mark.parametrize('engine', ['onnxruntime', 'openvino', 'ncnn', 'reference'])
def test_another_decoder_in_every_engine(folder, torch_side, tmp_path, engine):
    import toy_family  # noqa: F401

    for package in ('onnx', get_engine(engine).library or engine):
        pytest.importorskip(package)
    found = torch_side(folder / 'arrows.png')
    assert places(found) == [[[12, 12], [60, 12]], [[12, 40], [60, 40]]]
    shape = (64, 96) if engine == 'ncnn' else None
    export_model(torch_side.model, None, tmp_path / 'out', engine=engine, input_shape=shape)
    estimator = PoseEstimator(tmp_path / 'out')
    assert places(estimator(folder / 'arrows.png')) == places(found)
    figures = verify(torch_side, tmp_path / 'out', folder / 'arrows.png', rounds=1)
    assert figures['people'] == dict(torch=2, engine=2, same=2)
    assert figures['keypoints']['max'] <= 0.1


@pytest.mark.filterwarnings('ignore:no weights')
def test_commands(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    model = str(folder / 'toy_64.py')
    assert main(['predict', 'arrows.png', '--model', model, '--out-dir', 'people']) == 0
    results = json.loads((folder / 'people' / 'results.json').read_text())
    assert len(results['annotations']) == 2
    assert main(['export', model, '--out', 'out', '--verify', 'arrows.png']) == 0
    assert main(['benchmark', 'out', model, '--images', 'arrows.png', '--rounds', '1']) == 0
    lines = ['webcam', 'arrows.png', '--no-display', '--jsonl', 'lines.jsonl', '--view', 'heatmaps']
    assert main([*lines, '--model', 'out']) == 0
    assert main([*lines, '--model', model]) == 0
    (line,) = (folder / 'lines.jsonl').read_text().splitlines()
    assert len(json.loads(line)['people']) == 2
    capsys.readouterr()
    assert main([*lines[:-1], 'fields', '--model', 'out']) == 2
    assert 'expected one of skeletons, heatmaps, got' in capsys.readouterr().err


def test_a_plugin_of_an_installed_package(folder, torch_side, tmp_path):
    """A process that was told nothing finds the decoder and the engine by the entry point."""
    pytest.importorskip('onnx')
    export_model(torch_side.model, None, tmp_path / 'out', engine='reference')
    facts = tmp_path / 'site' / 'toy-1.dist-info'
    facts.mkdir(parents=True)
    (facts / 'METADATA').write_text('Metadata-Version: 2.1\nName: toy\nVersion: 1\n')
    (facts / 'entry_points.txt').write_text('[litepose_mm]\ntoy = toy_family\n')
    program = (
        'import sys; from litepose_mm.runtime import PoseEstimator; '
        'print(len(PoseEstimator(sys.argv[1])(sys.argv[2])))'
    )
    paths = [str(facts.parent), str(Path(__file__).parent), os.environ.get('PYTHONPATH', '')]
    done = subprocess.run(
        [sys.executable, '-c', program, tmp_path / 'out', folder / 'arrows.png'],
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(paths)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == '2', done.stderr


# --- the examples of the documentation


def example(page: str, name: str) -> str:
    """The code block of a page that begins with a file's name in a comment."""
    text = (ROOT / 'docs' / page).read_text(encoding='utf-8')
    return textwrap.dedent(re.search(rf'```python\n( *# {name}\n.*?)```', text, re.S)[1])


@pytest.fixture
def documented(tmp_path, monkeypatch):
    """Writes an example of docs/extend.md beside a config or program."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def write(*names):
        for name in names:
            (tmp_path / name).write_text(example('extend.md', name))

    return write


@pytest.mark.filterwarnings('ignore:no weights')
def test_documented_network(documented, folder, capsys):
    pytest.importorskip('onnx')
    documented('small_head.py', 'small_256.py')
    image = str(folder / 'arrows.png')
    assert main(['predict', image, '--model', 'small_256.py']) == 0
    torch.manual_seed(2)  # a random network that finds somebody
    assert main(['export', 'small_256.py', '--out', 'out', '--no-flip', '--verify', image]) == 0
    assert PoseEstimator('out')(image).skeleton.num_keypoints == 14


def test_documented_engine(documented, folder, torch_side):
    pytest.importorskip('onnx')
    documented('plain_engine.py')
    import_module('plain_engine')
    export_model(torch_side.model, None, 'out', engine='plain')
    assert places(PoseEstimator('out')(folder / 'arrows.png')) == places(
        torch_side(folder / 'arrows.png')
    )


def test_documented_data_set(tmp_path, monkeypatch):
    """Three keypoints, from an annotation file to a loss."""
    monkeypatch.chdir(tmp_path)
    text = (ROOT / 'docs' / 'data.md').read_text(encoding='utf-8')
    keypoints, config = (
        textwrap.dedent(re.search(rf'```python\n( *{start}.*?)```', text, re.S)[1])
        for start in ('dataset_info = ', '_base_ = ')
    )
    Path('my_keypoints.py').write_text(keypoints)
    Path('my_config.py').write_text(config.replace("'configs/", f"'{ROOT}/configs/"))
    images = Path('data/mine/images')
    images.mkdir(parents=True)
    cv2.imwrite(str(images / 'a.png'), np.full((120, 160, 3), 128, np.uint8))
    person = dict(id=1, image_id=1, category_id=1, iscrowd=0, bbox=[20, 20, 80, 80], area=3200)
    person.update(keypoints=[60, 30, 2, 30, 60, 2, 90, 60, 1], num_keypoints=3)
    names = ['head', 'left_hand', 'right_hand']
    document = dict(
        images=[dict(id=1, file_name='a.png', width=160, height=120)],
        annotations=[person],
        categories=[dict(id=1, name='person', keypoints=names)],
    )
    Path('data/mine/train.json').write_text(json.dumps(document))

    config = Config.fromfile('my_config.py')
    with DefaultScope.overwrite_default_scope('mmpose'):
        dataset = DATASETS.build(config.train_dataloader.dataset)
        model = build_pose_estimator(config.model)
        batch = model.data_preprocessor(pseudo_collate([dataset[0]]), True)
        losses = model.loss(batch['inputs'], batch['data_samples'])
    assert dataset.metainfo['keypoint_name2id'] == {name: i for i, name in enumerate(names)}
    total, _ = model.parse_losses(losses)
    assert np.isfinite(total.item()) and total > 0
