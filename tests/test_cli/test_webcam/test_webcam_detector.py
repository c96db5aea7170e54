"""``litepose webcam`` with a top-down model and a detector."""

import json

import pytest
from exported import export
from topdown_models import topdown

from litepose_mm.cli import main
from litepose_mm.runtime import PoseEstimator


@pytest.mark.parametrize('every', [1, 3])
def test_a_detector_runs_now_and_then(model, video, tmp_path, monkeypatch, every):
    monkeypatch.chdir(tmp_path)
    calls, folder = [], export(topdown('simcc'), tmp_path / 'topdown')
    infer = PoseEstimator._infer

    def count(self, inputs):
        calls.extend([self.takes_boxes] * len(inputs))
        return infer(self, inputs)

    monkeypatch.setattr(PoseEstimator, '_infer', count)
    options = ['--no-display', '--jsonl', 'o.jsonl', '--threads', '1', '--min-score', '0']
    detector = ['--detector', str(model), '--detect-every', str(every)]
    assert main(['webcam', str(video), '--model', str(folder), *options, *detector]) == 0
    lines = [json.loads(line) for line in (tmp_path / 'o.jsonl').read_text().splitlines()]
    assert len(lines) == 8 and all(len(person['keypoints']) == 17 for person in lines[0]['people'])
    assert calls.count(True) == 8 and calls.count(False) == {1: 8, 3: 3}[every]


def test_a_detector_needs_a_topdown_model(model, video, capsys):
    options = ['--no-display', '--model', str(model), '--detector', str(model)]
    assert main(['webcam', str(video), *options]) == 2
    assert 'estimator: expected a top-down model' in capsys.readouterr().err
