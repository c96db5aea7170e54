"""Every engine gives torch's maps, refuses what it cannot run, and is imported only when needed."""

import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from exported import ENGINES

from litepose_mm.errors import LitePoseError
from litepose_mm.runtime import ModelCard, file_hashes
from litepose_mm.runtime.engines import ENGINES as TABLE
from litepose_mm.runtime.engines import Engine, load_engine

SHAPE = (64, 128)


def load(folder, threads=1, **changes) -> Engine:
    return load_engine(folder, replace(ModelCard.load(folder), **changes), threads)


def batch(count=1, height=SHAPE[0], width=SHAPE[1]):
    rng = np.random.default_rng(count)
    return rng.normal(size=(count, 3, height, width)).astype(np.float32)


def torch_outputs(tiny, inputs, **options):
    with torch.no_grad():
        return [
            output.numpy() for output in tiny.model.deploy_forward(torch.tensor(inputs), **options)
        ]


def refusal(run, *args) -> str:
    with pytest.raises(LitePoseError) as caught:
        run(*args)
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_every_engine_is_tested():
    assert tuple(TABLE) == ENGINES


@pytest.mark.parametrize('name', ENGINES)
def test_maps_are_torchs(tiny, exported, name):
    engine = load(exported(name, SHAPE))
    for count in (1, 3):  # three in pieces: the folder's limit is one
        inputs = batch(count)
        for own, torchs in zip(engine.run(inputs), torch_outputs(tiny, inputs), strict=True):
            assert own.dtype == np.float32
            np.testing.assert_allclose(own, torchs, atol=2e-5 * np.abs(torchs).max())


@pytest.mark.parametrize('name', ['onnxruntime', 'openvino'])
def test_dynamic_models_take_any_size_and_number(tiny, exported, name):
    engine = load(exported(name))
    for shape in ((1, 64, 64), (3, 64, 128), (2, 192, 64)):
        inputs = batch(*shape)
        for own, torchs in zip(engine.run(inputs), torch_outputs(tiny, inputs), strict=True):
            np.testing.assert_allclose(own, torchs, atol=2e-5 * np.abs(torchs).max())


@pytest.mark.parametrize('name', ['onnxruntime', 'openvino'])
def test_candidates_are_torchs(tiny, exported, name):
    inputs = batch(2)
    own = load(exported(name, outputs='candidates')).run(inputs)
    torchs = torch_outputs(tiny, inputs, outputs='candidates')
    peaks = torchs[0] > 0.1
    assert peaks.sum() > 50
    for mine, theirs in zip(own, torchs, strict=True):
        np.testing.assert_allclose(mine[peaks], theirs[peaks], atol=1e-4)


@pytest.mark.parametrize('name', ENGINES)
def test_results_are_not_overwritten_by_the_next(exported, name):
    engine = load(exported(name, SHAPE))
    first = engine.run(batch(1))
    kept = [output.copy() for output in first]
    engine.run(-batch(1))
    for own, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(own, copy)


@pytest.mark.parametrize('name', ENGINES)
def test_refuses_shapes_of_a_static_model(exported, name):
    engine = load(exported(name, SHAPE))
    message = refusal(engine.run, batch(1, 128, 64))
    assert 'takes inputs (B, 3, 64, 128), got (1, 3, 128, 64)' in message


def test_refuses_what_is_no_batch(exported):
    engine = load(exported())
    assert 'multiples of 64, got (1, 3, 64, 96)' in refusal(engine.run, batch(1, 64, 96))
    assert 'got (0, 3, 64, 64)' in refusal(engine.run, batch(0, 64, 64))
    assert 'got (1, 1, 64, 128)' in refusal(engine.run, batch()[:, :1])
    assert 'got float64 (1, 3, 64, 128)' in refusal(engine.run, batch().astype(np.float64))
    assert 'got float32 (3, 64, 128)' in refusal(engine.run, batch()[0])
    assert 'got list' in refusal(engine.run, [1])


@pytest.mark.parametrize('threads', [0, -1, 1.5, True, '2'])
def test_refuses_threads(exported, threads):
    assert 'threads: expected a positive integer' in refusal(load, exported(), threads)


@pytest.mark.parametrize('name', ENGINES)
@pytest.mark.parametrize('threads', [None, 2])
def test_threads(exported, name, threads):
    engine = load(exported(name, SHAPE), threads)
    assert engine.run(batch())[0].shape == (1, 14, 32, 64)


def broken(folder, target):
    """A copy whose files are all cut in half, with a card that says so."""
    shutil.copytree(folder, target)
    card = ModelCard.load(target)
    for name in card.files:
        data = (target / name).read_bytes()
        (target / name).write_bytes(data[: len(data) // 2])
    replace(card, files=file_hashes(target, card.files)).save(target)
    return target


def test_counted_threads_of_openvino_may_run_on_any_core():
    # Else two processes of one thread each would take turns on the first core.
    openvino = pytest.importorskip('openvino')
    from litepose_mm.runtime.engines.openvino import compile_options, cpu_core

    inputs = openvino.opset13.parameter([1, 4], np.float32)
    model = openvino.Model([openvino.opset13.relu(inputs)], [inputs])
    compiled = cpu_core().compile_model(model, 'CPU', compile_options('fp32', threads=1))
    assert compiled.get_property('ENABLE_CPU_PINNING') is False
    assert compiled.get_property('INFERENCE_NUM_THREADS') == 1


@pytest.mark.parametrize('name', ENGINES)
def test_files_that_the_engine_cannot_read(exported, tmp_path, name):
    message = refusal(load, broken(exported(name, SHAPE), tmp_path / 'broken'))
    assert f'{name} cannot load the model in {tmp_path}' in message
    assert 'export it again' in message


@pytest.mark.parametrize('name', ENGINES)
def test_a_package_that_is_missing(exported, monkeypatch, name):
    folder = exported(name, SHAPE)
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, f'litepose_mm.runtime.engines.{name}', raising=False)
    message = refusal(load, folder)
    assert f'pip install litepose_mm[{TABLE[name].extra}]' in message


def test_ncnn_takes_maps_only(exported):
    folder = exported('ncnn', SHAPE)
    card = ModelCard.load(folder)
    decoder = replace(card.decoder, missing='none')
    changes = dict(outputs='candidates', decoder=decoder, restore_heatmap_size=False)
    assert "ncnn runs models with the outputs 'maps'" in refusal(lambda: load(folder, **changes))


def test_a_card_of_another_engine(exported):
    message = refusal(lambda: load(exported(), engine='openvino'))
    assert 'expected one file *.xml for openvino, got model.onnx' in message


@pytest.mark.parametrize(
    'changes',
    [dict(tag_dim=2), dict(strides=(4, 1)), dict(strides=(2, 4))],
)
def test_a_card_that_does_not_fit_its_model(exported, changes):
    engine = load(exported(), **changes)
    assert 'the model does not fit its card: expected outputs' in refusal(engine.run, batch())


def test_outputs_that_the_model_lacks(exported):
    folder = exported()
    decoder = replace(ModelCard.load(folder).decoder, missing='none')
    changes = dict(outputs='candidates', decoder=decoder, restore_heatmap_size=False)
    assert "no output 'values'" in refusal(lambda: load(folder, **changes))


class Fake(Engine):
    """Fails as it is told, on some shapes or on all."""

    def _load(self, folder, threads):
        self.error, self.good_shape = None, None

    def _run(self, batch):
        if batch.shape == self.good_shape:
            return []
        raise self.error


@pytest.mark.parametrize(
    'error, message',
    [
        (MemoryError(), 'not enough memory for 1 input of 128x64; take a smaller'),
        (Exception('[ONNXRuntimeError] : Failed to allocate memory for'), 'not enough memory for'),
        (RuntimeError('std::bad_alloc'), 'not enough memory for 1 input'),
        (ValueError('odd\nthings'), 'onnxruntime fails on 1 input of 128x64: ValueError: odd thi'),
    ],
)
def test_an_engine_that_fails(exported, error, message):
    folder = exported()
    engine = Fake(folder, ModelCard.load(folder))
    engine.error = error
    assert message in refusal(engine.run, batch())


@pytest.mark.parametrize(
    ('shape', 'good_shape', 'is_at_fault'),
    [
        ((2, 3, 64, 128), (2, 3, 64, 64), True),
        ((2, 3, 64, 128), None, False),
        ((2, 3, 64, 64), None, False),
    ],
)
def test_a_static_export_is_advised_where_only_the_shape_fails(
    exported, shape, good_shape, is_at_fault
):
    folder = exported()
    engine = Fake(folder, ModelCard.load(folder))
    assert engine.card.input_size == 64 and engine.card.size_divisor == 64
    engine.error, engine.good_shape = RuntimeError('no such kernel'), good_shape
    message = refusal(engine.run, batch(*shape[:1], *shape[2:]))
    assert ('--static 128x64' in message) == is_at_fault
    assert ('export it again' in message) != is_at_fault


def test_a_static_model_that_fails_needs_no_static_export(exported):
    folder = exported('onnxruntime', SHAPE)
    engine = Fake(folder, ModelCard.load(folder))
    engine.error, engine.good_shape = RuntimeError('no such kernel'), (1, 3, 64, 64)
    assert '--static' not in refusal(engine.run, batch())


@pytest.mark.parametrize('precision, hint', [('fp32', 'f32'), ('bf16', 'bf16'), ('int8', 'f32')])
def test_openvino_calculates_in_the_cards_precision(exported, monkeypatch, precision, hint):
    openvino = pytest.importorskip('openvino')
    seen = []
    compile_model = openvino.Core.compile_model

    def note(core, model, device, options):
        seen.append(options)
        return compile_model(core, model, device, options)

    monkeypatch.setattr(openvino.Core, 'compile_model', note)
    load(exported('openvino'), 2, precision=precision)
    assert seen[0]['INFERENCE_PRECISION_HINT'] == hint
    assert seen[0]['INFERENCE_NUM_THREADS'] == 2


@pytest.mark.parametrize(
    ('flags', 'saturates'),
    [
        ('flags : fpu avx avx2 avx512f', True),
        ('flags : fpu avx2 avx512f avx512_vnni', False),
        ('flags : fpu avx2 avx_vnni', False),
        ('Features : fp asimd', False),
        (None, False),
    ],
)
def test_sums_of_int8_saturate_without_vnni(tmp_path, flags, saturates):
    pytest.importorskip('onnxruntime')
    from litepose_mm.runtime.engines.onnxruntime import sums_saturate

    if flags is not None:
        (tmp_path / 'cpuinfo').write_text(flags)
    assert sums_saturate(tmp_path / 'cpuinfo') == saturates
