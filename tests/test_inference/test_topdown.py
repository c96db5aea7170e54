"""Exported top-down models find what torch finds, in every engine, and need no torch."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from exported import ENGINES, FORBID_TORCH, export
from topdown_models import BOXES, IMAGE, MODELS, assert_same_poses, topdown, well_placed

from litepose_mm.cli import main
from litepose_mm.runtime import Cascade, PoseEstimator

KINDS = [('onnxruntime', name) for name in MODELS] + [
    # TVM compiles for half a minute.
    pytest.param(engine, name, marks=pytest.mark.slow if engine == 'tvm' else ())
    for engine in ENGINES
    if engine != 'onnxruntime'
    for name in ('udp', 'simcc', 'rtmcc')
]


@pytest.mark.parametrize('engine, name', KINDS)
def test_finds_what_torch_finds(tmp_path, engine, name):
    estimator = topdown(name, flip_test=engine == 'onnxruntime')
    exported = PoseEstimator(export(estimator, tmp_path / 'model', engine), threads=1)
    card = exported.card
    assert card.input_shape == (256, 192) and card.resize.padding == 1.25
    assert card.resize.udp == (name == 'udp') and exported.takes_boxes
    expected, sizes, run = estimator(IMAGE, boxes=BOXES), [], exported.engine._run
    exported.engine._run = lambda batch: sizes.append(len(batch)) or run(batch)
    assert_same_poses(
        exported(IMAGE, boxes=BOXES),
        expected,
        pixels=0.1,
        scores=1e-3,
        where=well_placed(estimator),
    )
    assert sizes == ([3] if card.batch_limit == exported.engine.batch_limit is None else [1] * 3)
    assert len(exported(IMAGE, boxes=np.zeros((0, 4)))) == 0


def test_tensorrt_gets_the_shapes_of_its_input(tmp_path):
    folder = export(topdown('simcc'), tmp_path / 'model', 'tensorrt')
    command = (folder / 'trtexec.txt').read_text()
    assert '--minShapes=inputs:1x3x256x192 ' in command
    assert '--maxShapes=inputs:16x3x256x192' in command


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return export(topdown('simcc'), tmp_path_factory.mktemp('topdown') / 'model')


def test_a_detector_that_needs_no_torch(folder, tmp_path):
    cv2.imwrite(str(tmp_path / 'photo.png'), IMAGE)
    program = f"""{FORBID_TORCH}
from litepose_mm.cli import main

for more in (['--detector', 'litepose-xs'], []):
    options = ['--model', {str(folder)!r}, '--min-score', '0', '--out-dir', str(len(more))]
    assert main(['predict', 'photo.png', *options, *more]) == 0
assert not set(FORBIDDEN) & set(sys.modules)
"""
    done = subprocess.run(
        [sys.executable, '-c', program], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    cascade = Cascade(PoseEstimator('litepose-xs', flip_test=True), PoseEstimator(folder))
    for name, expected in (('2', cascade(IMAGE)), ('0', PoseEstimator(folder)(IMAGE))):
        people = json.loads((tmp_path / name / 'results.json').read_text())['annotations']
        assert len(people) == len(expected) > 0
        found = np.reshape([each['keypoints'] for each in people], (len(people), -1, 3))
        np.testing.assert_allclose(found[..., :2], expected.keypoints, atol=0.05)


def test_boxes_of_another_models_results(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite('photo.png', IMAGE)
    results = dict(
        images=[dict(id=1, file_name='photo.png')],
        annotations=[
            dict(image_id=1, bbox=[left, top, right - left, bottom - top])
            for left, top, right, bottom in BOXES.tolist()
        ],
    )
    (tmp_path / 'results.json').write_text(json.dumps(results))
    options = ['--boxes', 'results.json', '--min-score', '0', '--out-dir', 'out']
    assert main(['predict', 'photo.png', '--model', str(folder), *options]) == 0
    people = json.loads((tmp_path / 'out/results.json').read_text())['annotations']
    found = np.reshape([each['keypoints'] for each in people], (len(people), -1, 3))
    expected = topdown('simcc')(IMAGE, boxes=BOXES)
    np.testing.assert_allclose(found[..., :2], expected.keypoints, atol=0.1)


def test_boxes_without_an_area_are_one_line(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite('7.png', IMAGE)
    for box, message in (([5, 5, 0, 9], 'right > left'), ([900, 5, 9, 9], 'outside it')):
        (tmp_path / 'boxes.json').write_text(json.dumps([dict(image_id=7, bbox=box)]))
        assert main(['predict', '7.png', '--model', str(folder), '--boxes', 'boxes.json']) == 1
        (line,) = [each for each in capsys.readouterr().err.splitlines() if 'boxes:' in each]
        assert '7.png' in line and message in line
