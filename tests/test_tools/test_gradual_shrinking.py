"""Gradual shrinking: steps only remove blocks, and their configs build the paper's networks."""

import importlib.util
import json
import subprocess
import sys

import cv2
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator

import litepose_mm.modules  # noqa: F401
from litepose_mm.analysis.complexity import fixed_parameters
from litepose_mm.cli.programs import run_tool
from litepose_mm.families.higherhrnet import HigherHRNet
from litepose_mm.utils.paths import mim_root

TOOL = mim_root() / 'tools/analysis_tools/gradual_shrinking.py'
TREND = mim_root() / 'projects/gradual_shrinking/trend.py'
SMALL = 'ae_higherhrnet-w8_1xb8-4e_synthetic-128x128'
BASELINE = '[[4],[4,4],[4,4,4],[4,4,4,4]]'

init_default_scope('mmpose')


def module_of(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(monkeypatch):
    """``run(arguments)``: the tool in this process; returns its exit status."""
    monkeypatch.syspath_prepend(TOOL.parent)  # for what is beside it
    tool = module_of(TOOL)

    def call(*arguments):
        monkeypatch.setattr(sys, 'argv', [TOOL.name, *map(str, arguments)])
        return run_tool(tool.main)

    return call


def parameters(path):
    return fixed_parameters(build_pose_estimator(Config.fromfile(path).model))


def test_configs_of_the_papers_steps(tmp_path, run):
    assert run('--work-dir', tmp_path, '--configs-only') == 0
    paths = sorted(tmp_path.glob('*.py'))
    # As counted in the authors' networks, for 14 keypoints.
    assert [parameters(path) for path in paths] == [7205194, 6713546, 7621334, 7375166]
    first, last = (Config.fromfile(paths[index]) for index in (0, -1))
    assert first.train_dataloader.batch_size == last.train_dataloader.batch_size == 24
    assert last.model.backbone.extra.stage4.num_blocks == (0, 0, 0, 4)


def test_own_tables_and_widths_from_a_file(tmp_path, run):
    steps = [json.loads(BASELINE), '[[4],[4,4],[0,0,4],[0,0,0,4]]@10', 'higherhrnet-shrink3@9']
    (tmp_path / 'steps.json').write_text(json.dumps(steps))
    out = tmp_path / 'out'
    assert run('--config', SMALL, '--work-dir', out, '--configs-only', tmp_path / 'steps.json') == 0
    stages = [Config.fromfile(path).model.backbone.extra for path in sorted(out.glob('*.py'))]
    assert [each.stage4.num_channels[0] for each in stages] == [8, 10, 9]
    assert [each.stage1.num_channels for each in stages] == [(16,), (20,), (18,)]
    assert stages[1].stage3.num_blocks == (0, 0, 4)


def test_the_papers_steps_at_another_width(tmp_path, run):
    assert run('--config', SMALL, '--work-dir', tmp_path, '--configs-only') == 0
    stages = [Config.fromfile(path).model.backbone.extra for path in sorted(tmp_path.glob('*.py'))]
    assert [each.stage4.num_channels[0] for each in stages] == [8, 8, 9, 9]
    assert [each.stage1.num_channels for each in stages] == [(16,), (16,), (18,), (18,)]


def test_a_name_is_the_published_network(tmp_path, run):
    steps = ['higherhrnet-w48', 'higherhrnet-w32', '[[4],[0,4],[0,0,4],[0,0,0,4]]']
    assert run('--work-dir', tmp_path, '--configs-only', *steps) == 0
    first, second, last = sorted(tmp_path.glob('*.py'))
    w48, w32 = (HigherHRNet.variants[name] for name in steps[:2])
    for path, arch in ((first, w48), (second, w32)):
        expected = build_pose_estimator(HigherHRNet().model_config(arch, 14))
        assert parameters(path) == fixed_parameters(expected)
    config = Config.fromfile(last).model
    assert config.backbone.extra.stage4.num_channels == (32, 64, 128, 256)
    assert config.head.num_basic_blocks == 4


@pytest.mark.parametrize(
    'table, last_rows',
    [
        (BASELINE, [[4, 4, 4, 4], [1, 2, 3, 4], [1, 1, 1, 4], [0, 0, 0, 4]]),
        ('[[4],[2,4],[1,2,4],[1,1,2,4]]', [[1, 1, 2, 4], [1, 1, 1, 4], [0, 0, 0, 4]]),
        ('[[1],[1,1],[1,1,1],[1,1,1,1]]', [[1, 1, 1, 1], [0, 0, 0, 1]]),
        ('[[2],[2,6],[4,5,6],[6,6,6,6]]', [[6, 6, 6, 6], [3, 4, 5, 6], [1, 1, 1, 6], [0, 0, 0, 6]]),
    ],
)
def test_the_sequence_of_one_table(tmp_path, run, table, last_rows):
    assert run('--work-dir', tmp_path, '--configs-only', table) == 0
    stages = [Config.fromfile(path).model.backbone.extra for path in sorted(tmp_path.glob('*.py'))]
    assert [list(each.stage4.num_blocks) for each in stages] == last_rows
    assert {each.stage4.num_channels[0] for each in stages} == {16}


@pytest.mark.slow
def test_every_step_is_measured(tmp_path, run):
    pytest.importorskip('onnxruntime')
    options = ['--config', SMALL, '--rounds', 1, '--image-size', 64, 64, '--people', 1]
    steps = ['[[1],[1,1],[1,1,1],[1,1,1,1]]', '[[1],[0,1],[0,0,1],[0,0,0,1]]']
    engines = ['--engines', 'torch', 'onnxruntime']
    assert run('--work-dir', tmp_path, *steps, *options, *engines) == 0
    first, last = json.loads((tmp_path / 'shrinking.json').read_text())['models']
    for name in ('params', 'macs', 'paper_macs'):
        assert first[name] > last[name] > 0
    assert last['blocks'] == json.loads(steps[1]) and last['width'] == 8
    assert [own['engine'] for own in last['engines']] == ['torch', 'onnxruntime']
    assert all(own['people'] == 1 for own in first['engines'])
    assert cv2.imread(str(tmp_path / 'shrinking.png')).min() < 100


@pytest.mark.parametrize(
    'arguments, expected',
    [
        (
            ('[[4],[2,4],[2,2,4],[2,2,2,4]]', '[[4],[1,4],[1,3,4],[1,1,1,4]]'),
            'step 2: expected at most 2 blocks in branch 2 of stage 3, as in the step before, got',
        ),
        (('higherhrnet-shrink3',), 'expected at least two steps, got one of which nothing'),
        (
            (BASELINE, '[[4],[4,0],[4,4,0],[4,4,4,0]]'),
            'step 2: expected no branch with more blocks than the next coarser one, got [4, 0] in',
        ),
        (('higherhrnet-w16', 'higherhrnet-w16'), 'step 2: expected less computation than'),
        (('higherhrnet-w16', 'higherhrnet-w32'), 'got width 32 with blocks [[4], [4, 4], '),
        (('higherhrnet-w16', 'higherhrnet-shrink1@32'), 'step 2: expected less computation than'),
        (('--ap', 'a.json', 'images'), '--ap: expected --checkpoints'),
        ((BASELINE, '[[4],[4,4]]'), 'expected four stages'),
        ((BASELINE, 'shrink9'), "step 'shrink9': expected one of higherhrnet-w32"),
        ((BASELINE, f'{BASELINE}@x'), 'expected a width after @'),
        (('none.json',), 'none.json: No such file'),
        (('--checkpoints', 'a.pth'), '--checkpoints: expected 4 files, got 1'),
        (('--config', 'litepose-xs_crowdpose'), '--config: expected the config of a HigherHRNet'),
    ],
)
def test_bad_input_is_one_line(tmp_path, run, capsys, arguments, expected):
    assert run('--work-dir', tmp_path / 'out', *arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line
    assert not (tmp_path / 'out').exists()


def test_the_trend_reports_complete_trainings(tmp_path):
    for step, seed, ap in ((1, 0, 0.25), (1, 1, 0.35), (2, 0, 0.5)):
        folder = tmp_path / f'step_{step}/seed_{seed}/20260101_000000/vis_data'
        folder.mkdir(parents=True)
        records = [{'synthetic/AP': ap / 2, 'step': 2}, {'synthetic/AP': ap, 'step': 4}]
        (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, records)))
    command = [sys.executable, TREND, '--work-dir', tmp_path, '--report']
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert '25.0, 35.0 | 30.0 | 7.1' in result.stdout
    rows = json.loads((tmp_path / 'trend.json').read_text())
    assert [row['ap'] for row in rows] == [{'0': 25.0, '1': 35.0}, {'0': 50.0}, {}, {}]
    assert rows[0]['mean'] == 30 and rows[0]['deviation'] == pytest.approx(50**0.5)
    assert rows[1]['deviation'] is None and rows[3]['mean'] is None
    assert cv2.imread(str(tmp_path / 'trend.png')).min() < 100
