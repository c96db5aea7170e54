"""Families of other kinds from outside, each in one file, are used by the name of their model."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

FAMILY = """
from pathlib import Path
from litepose_mm.families import Family, Paper

class Outside(Family):
    name, title, method = 'outside', 'Outside', '{method}'
    paper = Paper('A network for tests', 'https://example.org')
    variants = {{'outside-s': 8}}
    models = [dict(
        name='outside-s_toy', variant='outside-s', dataset='toy', num_keypoints={keypoints},
        config=str(Path(__file__).with_name('outside_config.py')), input_size=(64, 64),
        params=1, macs=1)]

    def recognise(self, state):
        return None
"""
# Part affinity fields with a decoder of their own are in toy_family.py.
BOTTOM_UP = """
custom_imports = dict(imports=['litepose_mm.modules', 'toy_family'])
model = dict(
    type='BottomupPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor', mean=[0, 0, 0], std=[255, 255, 255], bgr_to_rgb=True),
    backbone=dict(type='ToyBackbone'),
    head=dict(type='ToyAffinityHead'),
    test_cfg=dict(flip_test=False))
test_dataloader = dict(dataset=dict(
    type='CocoDataset', metainfo=dict(
        dataset_name='arrows', joint_weights=[1, 1], sigmas=[0.05, 0.05],
        keypoint_info={
            0: dict(name='tail', id=0, color=[255, 0, 0], type='', swap=''),
            1: dict(name='tip', id=1, color=[0, 255, 0], type='', swap='')},
        skeleton_info={0: dict(link=('tail', 'tip'), id=0, color=[0, 0, 255])}),
    pipeline=[
        dict(type='LoadImage'),
        dict(type='BottomupResizeAlign', input_size=(64, 64), size_factor=32),
        dict(type='PackPoseInputs')]))
train_dataloader = test_dataloader
"""
# One person at a time, with MMPose's head and codec.
TOP_DOWN = """
custom_imports = dict(imports=['litepose_mm.modules', 'toy_family'])
codec = dict(type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=1)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor', mean=[0, 0, 0], std=[255, 255, 255], bgr_to_rgb=True),
    backbone=dict(type='ToyBackbone'),
    head=dict(type='HeatmapHead', in_channels=3, out_channels=17, deconv_out_channels=None,
              loss=dict(type='KeypointMSELoss'), decoder=codec),
    test_cfg=dict(flip_test=False))
test_dataloader = dict(dataset=dict(
    type='CocoDataset', data_mode='topdown', pipeline=[
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=(64, 64)),
        dict(type='PackPoseInputs')]))
train_dataloader = test_dataloader
"""
KINDS = {'PAF': (BOTTOM_UP, 2, 2), 'TD': (TOP_DOWN, 17, 1)}
# A process of its own: it finds the family by the entry point, and other tests do not.
PROGRAM = """
import json, sys
from litepose_mm.cli import main
for command in json.loads(sys.argv[1]):
    status = main(command)
    assert status == 0, (command, status)
"""


@pytest.mark.parametrize('method', KINDS)
def test_a_family_of_another_kind(tmp_path, method):
    pytest.importorskip('onnxruntime')
    config, num_keypoints, num_people = KINDS[method]
    facts = tmp_path / 'outside-1.dist-info'
    facts.mkdir()
    (facts / 'METADATA').write_text('Metadata-Version: 2.1\nName: outside\nVersion: 1\n')
    (facts / 'entry_points.txt').write_text('[litepose_mm]\noutside = outside_family\n')
    (tmp_path / 'outside_family.py').write_text(
        FAMILY.format(method=method, keypoints=num_keypoints)
    )
    (tmp_path / 'outside_config.py').write_text(config)
    # top-down heads have random weights here; noise has no two maxima that are alike
    noise = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    image = noise if method == 'TD' else np.zeros_like(noise)
    for y in (12, 40) if method == 'PAF' else ():  # arrows: red tail, blue shaft, green tip
        image[y : y + 4, 16:60] = (255, 0, 0)
        image[y : y + 4, 12:16] = (0, 0, 255)
        image[y : y + 4, 60:64] = (255, 255, 0)
    cv2.imwrite(str(tmp_path / 'image.png'), image)
    webcam = ['webcam', 'image.png', '--no-display', '--min-score', '0', '--jsonl']
    commands = [
        ['models'],
        ['predict', 'image.png', '--model', 'outside-s_toy', '--min-score', '0'],
        ['export', 'outside-s_toy', '--out', 'out', '--verify', 'image.png'],
        ['predict', 'image.png', '--model', 'out', '--out-dir', 'exported', '--min-score', '0'],
        ['benchmark', 'out', 'outside-s_toy', '--images', 'image.png', '--rounds', '1'],
        [*webcam, 'torch.jsonl', '--model', 'outside-s_toy', '--engine', 'torch'],
        [*webcam, 'exported.jsonl', '--model', 'out'],
    ]
    paths = [str(tmp_path), str(Path(__file__).parent), os.environ.get('PYTHONPATH', '')]
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', PROGRAM, json.dumps(commands)],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(paths)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert 'outside-s_toy' in done.stdout
    for results in ('outputs/results.json', 'exported/results.json'):
        document = json.loads((tmp_path / results).read_text())
        assert len(document['annotations']) == num_people
        assert all(len(each['keypoints']) == 3 * num_keypoints for each in document['annotations'])
