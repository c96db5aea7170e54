"""Models of every kind are compared; the figures are complete, and none is mixed with others."""

import importlib.util
import json
import sys

import cv2
import numpy as np
import pytest
from networks import make_it_see_people, write_config

from litepose_mm import PoseEstimator
from litepose_mm.analysis.plots import new_figure, scatter_models
from litepose_mm.checkpoints import save_weights
from litepose_mm.cli.programs import run_tool
from litepose_mm.deploy import export_model
from litepose_mm.utils.paths import mim_root

TOOL = mim_root() / 'tools/analysis_tools/compare.py'
QUICK = ('--rounds', '1', '--image-size', '64', '64', '--people', '2')

pytest.importorskip('onnxruntime')


@pytest.fixture
def run(monkeypatch):
    """``run(arguments)``: the tool in this process; returns its exit status."""
    monkeypatch.syspath_prepend(TOOL.parent)  # comparison.py is beside it
    spec = importlib.util.spec_from_file_location('compare', TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def call(*arguments):
        monkeypatch.setattr(sys, 'argv', [TOOL.name, *map(str, arguments)])
        return run_tool(tool.main)

    return call


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A config, weights, an exported model, and annotated images."""
    folder = tmp_path_factory.mktemp('compare')
    config = write_config(folder / 'tiny.py')
    model = make_it_see_people(PoseEstimator(config, device='cpu').model)
    save_weights(model.state_dict(), folder / 'tiny.pth', {})
    export_model(model, None, folder / 'exported', input_shape=(64, 64))
    (folder / 'images').mkdir()
    cv2.imwrite(str(folder / 'images/1.png'), np.full((64, 64, 3), 99, np.uint8))
    person = dict(id=1, image_id=1, category_id=1, bbox=[9, 9, 40, 40], area=1600, iscrowd=0)
    names = ['left_shoulder', 'right_shoulder']
    document = dict(
        images=[dict(id=1, file_name='1.png', width=64, height=64)],
        categories=[dict(id=1, name='person', keypoints=names)],
        annotations=[dict(person, keypoints=[9, 9, 2, 49, 49, 2], num_keypoints=2)],
    )
    (folder / 'truth.json').write_text(json.dumps(document))
    return folder


@pytest.mark.slow
def test_every_kind_of_model(folder, run, capsys):
    config, out, plot = folder / 'tiny.py', folder / 'out.json', folder / 'out.png'
    models = [config, f'{config}={folder / "tiny.pth"}', folder / 'exported']
    models.append('litepose-xs_crowdpose')
    ap = ['--ap', folder / 'truth.json', folder / 'images']
    outputs = ['--out', out, '--plot', plot]
    assert run(*models, *ap, *outputs, *QUICK, '--engines', 'torch', 'onnxruntime') == 0
    figures = json.loads(out.read_text())
    random, trained, exported, known = figures['models']
    assert len({each['name'] for each in figures['models']}) == 4
    assert [own['engine'] for own in random['engines']] == ['torch', 'onnxruntime']
    assert [own['engine'] for own in exported['engines']] == ['onnxruntime']
    for model in figures['models']:
        assert all(own['people'] == 2 for own in model['engines'])
        assert all(own['milliseconds']['decoding']['p50'] > 0 for own in model['engines'])
    assert random['macs'] == trained['macs'] > 0 and exported['macs'] is None
    # random weights have no AP; bundled ones have their own rather than the authors'
    assert random['ap'] is None and trained['ap'] is not None
    assert {each['ap_of'] for each in (trained, exported, known)} == {'truth.json, measured'}
    assert cv2.imread(str(plot)).min() < 100
    printed = capsys.readouterr().out
    assert all(each['name'] in printed for each in figures['models'])


def model(name, ap, ap_of, inputs=1):
    times = dict(total=dict(p50=5.0))
    engines = [dict(engine=each, precision='fp32', milliseconds=times) for each in 'ab']
    return dict(name=name, params=10**6, macs=10**9, inputs=inputs, ap=ap, ap_of=ap_of,
                engines=engines)  # fmt: skip


def test_aps_of_different_data_are_in_different_plots(tmp_path):
    figure = new_figure(tmp_path / 'a.svg', (8, 4))
    scatter_models(
        figure, [model('a', 50, 'one'), model('b', 60, 'two'), model('c', None, None, 5)]
    )
    plots = [axes for axes in figure.axes if axes.axison]
    assert [len(axes.collections) for axes in plots] == [1, 2, 1, 2, 2]
    places = [axes.collections[0].get_offsets().tolist()[0] for axes in plots]
    assert places == [[1, 50], [5, 50], [1, 60], [5, 60], [5, 5]]


@pytest.mark.parametrize(
    'arguments, expected',
    [
        (('no-such-model',), 'unknown model'),
        (('litepose-xs', '--engines', 'warp'), 'engine: expected one of'),
        (('litepose-xs', '--engines', 'onnxruntime-int8'), 'needs images for calibration'),
        (('litepose-xs', '--engines', 'torch-fp16'), 'expected fp32'),
        (('litepose-xs', '--plot', 'a.txt'), '--plot: expected one of'),
        (('litepose-xs', '--ap', 'none.json', '.'), 'none.json'),
    ],
)
def test_bad_input_is_one_line(run, capsys, arguments, expected):
    assert run(*arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line
