import importlib.util
import json
import subprocess
import sys

import cv2
import pytest

from litepose_mm.utils.paths import mim_root

TOOL = mim_root() / 'tools/analysis_tools/plot_curves.py'


def start(work_dir, name, *lines):
    folder = work_dir / name / 'vis_data'
    folder.mkdir(parents=True)
    (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))


def loss(epoch, iteration, value, seconds=36.0):
    return dict(epoch=epoch, iter=iteration, step=iteration, loss=value, time=seconds)


@pytest.fixture
def run(tmp_path):
    """Ten iterations an epoch; killed in the third one and resumed from the second."""
    first = [loss(1, 10, 4.0), {'coco/AP': 0.1, 'step': 1}, loss(2, 20, 3.0)]
    start(tmp_path, '20260101_000000', *first, {'coco/AP': 0.2, 'step': 2}, loss(3, 25, 2.9))
    start(tmp_path, '20260101_000500', loss(3, 30, 2.0, 72.0), {'coco/AP': 0.3, 'step': 3})
    return tmp_path


def test_joins_the_starts_of_a_run(run):
    spec = importlib.util.spec_from_file_location('plot_curves', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    losses, metrics = module.curves(run, '/AP')
    assert [point.value for point in losses] == [4.0, 3.0, 2.9, 2.0]
    assert [point.epochs for point in losses] == [1, 2, 2.5, 3]
    assert [point.value for point in metrics] == [0.1, 0.2, 0.3]
    assert [point.epochs for point in metrics] == [1, 2, 3]
    assert [point.hours for point in metrics] == pytest.approx([0.1, 0.2, 0.35])


def test_writes_an_image(run, tmp_path):
    out = tmp_path / 'curves.png'
    result = subprocess.run(
        [sys.executable, TOOL, run, run, '--x', 'hours', '--out', out],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert cv2.imread(str(out)).min() < 100


@pytest.mark.parametrize('content', [None, '{"loss": 1'])
def test_other_folders(tmp_path, content):
    if content:
        start(tmp_path, 'a')
        (tmp_path / 'a/vis_data/scalars.json').write_text(content)
    result = subprocess.run([sys.executable, TOOL, tmp_path], capture_output=True, text=True)
    assert result.returncode == 2 and len(result.stderr.splitlines()) == 1
