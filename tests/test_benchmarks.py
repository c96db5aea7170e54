"""The benchmarks run; in their smallest form, so that their figures mean nothing."""

import json
import subprocess
import sys

import numpy as np
import pytest
from compiler import needs_compiler

from litepose_mm.utils.paths import mim_root

TRAINING = (
    '--num-images 2 --short-side 64 --batch-size 2 --people 2 --workers 0 '
    '--rounds 1 --warmup 0 --threads 1'
)


def tables(tmp_path, script, *options):
    """What ``benchmarks/script`` wrote."""
    out = tmp_path / 'figures.json'
    command = [sys.executable, f'benchmarks/{script}', *options, '--out', out]
    result = subprocess.run(command, cwd=mim_root(), capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return json.loads(out.read_text())


def test_decode(tmp_path):
    options = ['--people', '1', '--sizes', '64x64', '--repeats', '1']
    rows = tables(tmp_path, 'decode.py', *options)['decoding']
    assert [row['maps'] for row in rows] == ['levels', 'full-size']
    assert all(row['same_people'] and row['plain_ratio'] > 0 for row in rows)


def test_decode_fields(tmp_path):
    options = ['--people', '1', '2', '--size', '128x96', '--rounds', '1']
    rows = tables(tmp_path, 'decode_fields.py', *options)['decoding']
    assert [row['people'] for row in rows] == [1, 2] and all(row['same'] for row in rows)
    assert all(row['ours_ms'] > 0 for row in rows)


def test_topdown(tmp_path):
    pytest.importorskip('onnxruntime')
    options = ['--configs', 'simcc_litepose-s_8xb64-210e_coco-256x192', '--engines', 'onnxruntime']
    options += ['--people', '1', '3', '--rounds', '1', '--threads', '1']
    rows = tables(tmp_path, 'topdown.py', *options)['people']
    assert [(row['head'], row['people']) for row in rows] == [('simcc', 1), ('simcc', 3)]
    assert all(row['one_batch_ms'] > 0 and row['calls_ms'] > 0 for row in rows)


def test_training_pipeline_and_loss(tmp_path):
    figures = tables(tmp_path, 'training.py', *TRAINING.split(), '--what', 'pipeline', 'loss')
    milliseconds = {row['part']: row['ours_ms'] for row in figures['pipeline']}
    parts = sum(milliseconds[part] for part in list(milliseconds)[:7])
    assert milliseconds['whole'] == pytest.approx(parts)
    (worker,) = figures['pipeline, one worker']
    assert worker['ours_images_per_second'] == pytest.approx(1000 / parts)
    assert [row['people'] for row in figures['loss']] == [2]


@pytest.mark.slow
@needs_compiler
def test_training_step_and_loader(tmp_path):
    figures = tables(tmp_path, 'training.py', *TRAINING.split(), '--what', 'step', 'loader')
    assert [row['variant'] for row in figures['step'][:2]] == ['plain', 'channels last']
    assert all(row['peak_mib'] > 0 for row in figures['step'])
    (row,) = figures['loader']
    assert 0 < row['waiting_share'] < 1 and row['variant'] == figures['step'][-1]['variant']


@pytest.mark.slow
@needs_compiler
def test_latency(tmp_path):
    pytest.importorskip('onnxruntime')
    page, plot = tmp_path / 'page.md', tmp_path / 'plot.png'
    page.write_text('before\n<!-- latency:begin -->\nold\n<!-- latency:end -->\nafter\n')
    options = ['--models', 'litepose-xs_crowdpose', '--engines', 'onnxruntime-fp32']
    options += ['--rounds', '1', '--image-size', '64', '64', '--people', '1', '--threads', '1']
    options += ['--page', page, '--plot', plot]
    (by_threads,) = tables(tmp_path, 'latency.py', *options)['latency'].values()
    rows = by_threads['1']
    assert [row['candidate'] for row in rows] == ['torch-fp32', 'onnxruntime-fp32']
    assert all(row['people'] == 1 and row['peak_share'] > 0 for row in rows)
    assert rows[0]['speed'] == 1 and plot.stat().st_size > 0
    text = page.read_text()
    assert text.startswith('before\n<!-- latency:begin -->') and text.endswith('end -->\nafter\n')
    assert '\n| onnxruntime fp32 | ' in text and 'old' not in text


@pytest.mark.slow
def test_search(tmp_path, monkeypatch):
    monkeypatch.setenv('CXX', 'no-such-compiler')  # which would take a minute
    options = ['--batch-size', '1', '--num-images', '1', '--calibration-batches', '1']
    figures = tables(tmp_path, 'search.py', *options, '--rounds', '1', '--threads', '1')
    for rows in (figures['step'], figures['evaluation']):
        assert [row['network'] for row in rows] == ['largest', '0.75 of the widths', 'smallest']
        assert [row['input'] for row in rows] == [192, 192, 128]
        assert all(row['ratio'] > 0 for row in rows)


def test_tracking(tmp_path):
    rows = tables(tmp_path, 'tracking.py', '--videos', '1', '--frames', '8')['tracking']
    assert [row['variant'] for row in rows][:2] == ['default', 'no tags']
    assert all(row['fragments'] >= 1 and row['jitter_percent'] > 0 for row in rows)


@pytest.mark.slow
def test_realtime(tmp_path):
    pytest.importorskip('onnxruntime')
    options = ['--models', 'litepose-xs_crowdpose', '--engines', 'onnxruntime-fp32']
    options += ['--rounds', '1', '--frames', '2', '--threads', '2']
    (rows,) = tables(tmp_path, 'realtime.py', *options)['realtime'].values()
    assert [row['candidate'] for row in rows] == [
        'authors, eager',
        'torch-fp32',
        'onnxruntime-fp32, 1 stream',
        'onnxruntime-fp32, 2 streams',
    ]
    assert rows[0]['speed'] == 1
    assert all(row['fps'] > 0 < row['latency_ms'] and 0 <= row['idle'] < 1 for row in rows)
    assert len({row['people'] for row in rows}) == 1


@needs_compiler
def test_layers(tmp_path):
    options = ['--models', 'litepose-xs', '--static', '64x64', '--runs', '1']
    for rows in tables(tmp_path, 'layers.py', *options).values():
        assert sum(row['time_share'] for row in rows) == pytest.approx(1)
        kinds = {row['kind']: row['ms'] for row in rows}
        assert all(kinds[kind] > 0 for kind in ('1x1', 'depthwise 7x7', 'transposed'))


def test_startup(tmp_path):
    rows = tables(tmp_path, 'startup.py', '--models', 'litepose-xs', '--rounds', '1')['startup']
    assert [row['command'] for row in rows] == ['predict', 'predict --no-flip', 'webcam']
    assert all(0 < row['peak_mib'] < 400 and row['processor_s'] > 0 for row in rows)


def test_peers(tmp_path):
    pytest.importorskip('openvino')
    onnx = pytest.importorskip('onnx')
    sides = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3, 32, 64])
        for name in 'xy'
    ]
    kernel = onnx.numpy_helper.from_array(np.ones((3, 1, 3, 3), np.float32), 'w')
    layer = onnx.helper.make_node('Conv', ['x', 'w'], ['y'], group=3, pads=[1, 1, 1, 1])
    graph = onnx.helper.make_graph([layer], 'peer', sides[:1], sides[1:], [kernel])
    opset = onnx.helper.make_opsetid('', 17)
    model = onnx.helper.make_model(graph, ir_version=8, opset_imports=[opset])
    onnx.save(model, tmp_path / 'peer.onnx')
    page, plot = tmp_path / 'page.md', tmp_path / 'plot.png'
    page.write_text('before\n<!-- peers:begin -->\nold\n<!-- peers:end -->\nafter\n')
    options = ['--models', 'litepose-xs_coco', '--image-size', '256', '256', '--rounds', '1']
    options += ['--onnx', f'peer={tmp_path / "peer.onnx"}:57.2:its authors']
    peer, own = tables(tmp_path, 'peers.py', *options, '--page', page, '--plot', plot)['peers']
    assert (peer['input'], peer['gmacs']) == ('64x32', pytest.approx(3 * 32 * 64 * 9 / 1e9))
    assert (peer['ap'], peer['flip_test'], peer['source']) == (57.2, False, 'its authors')
    assert (own['ap'], own['flip_test'], own['input']) == (40.6, True, '256x256')
    assert own['gmacs'] == pytest.approx(0.886, rel=0.01)
    for precision in ('fp32', 'bf16'):
        assert peer[f'{precision}_ratio'] == 1 < own[f'{precision}_ratio']
    text = page.read_text()
    assert 'old' not in text and '| 57.2 | no | its authors |' in text and plot.stat().st_size
