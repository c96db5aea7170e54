"""Every engine gives torch's maps, refuses what it cannot run, and is imported only when needed."""

import shutil
import sys

import numpy as np
import pytest
from exported import ENGINES, torch_outputs
from msgspec.structs import replace

from litepose_mm.decoding import AssociativeEmbeddingCandidates
from litepose_mm.errors import LitePoseError
from litepose_mm.inference.engines import Engine, get_engine, load_engine
from litepose_mm.inference.engines import openvino as openvino_engine
from litepose_mm.runtime import ModelCard, file_hashes

SHAPE = (64, 128)


def load(folder, threads=1, **changes) -> Engine:
    return load_engine(folder, replace(ModelCard.load(folder), **changes), threads)


def batch(count=1, height=SHAPE[0], width=SHAPE[1]):
    rng = np.random.default_rng(count)
    return rng.integers(0, 256, (count, height, width, 3), np.uint8)


def refusal(run, *args) -> str:
    with pytest.raises(LitePoseError) as caught:
        run(*args)
    assert '\n' not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize('name', ENGINES)
def test_maps_are_torchs(tiny, exported, name):
    engine = load(exported(name, SHAPE))
    for count in (1, 3):  # three in pieces: the folder's limit is one
        inputs = batch(count)
        for own, torchs in zip(engine.run(inputs), torch_outputs(tiny.model, inputs), strict=True):
            assert own.dtype == np.float32
            np.testing.assert_allclose(own, torchs, atol=2e-5 * np.abs(torchs).max())


@pytest.mark.parametrize('name', ['onnxruntime', 'openvino'])
def test_dynamic_models_take_any_size_and_number(tiny, exported, name):
    engine = load(exported(name))
    for shape in ((1, 64, 64), (3, 64, 128), (2, 192, 64)):
        inputs = batch(*shape)
        for own, torchs in zip(engine.run(inputs), torch_outputs(tiny.model, inputs), strict=True):
            np.testing.assert_allclose(own, torchs, atol=2e-5 * np.abs(torchs).max())


@pytest.mark.parametrize('name', ['onnxruntime', 'openvino'])
def test_candidates_are_torchs(tiny, exported, name):
    inputs = batch(2)
    own = load(exported(name, outputs='candidates')).run(inputs)
    torchs = torch_outputs(tiny.model, inputs, outputs='candidates')
    peaks = torchs[0] > 0.1
    assert peaks.sum() > 50
    for mine, theirs in zip(own, torchs, strict=True):
        np.testing.assert_allclose(mine[peaks], theirs[peaks], atol=1e-4)


@pytest.mark.parametrize('name', ENGINES)
def test_results_are_not_overwritten_by_the_next(exported, name):
    engine = load(exported(name, SHAPE))
    first = engine.run(batch(1))
    kept = [output.copy() for output in first]
    engine.run(255 - batch(1))
    for own, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(own, copy)


@pytest.mark.parametrize('name', ENGINES)
def test_refuses_shapes_of_a_static_model(exported, name):
    engine = load(exported(name, SHAPE))
    message = refusal(engine.run, batch(1, 128, 64))
    assert 'inputs (B, 64, 128, 3), got (1, 128, 64, 3)' in message


def test_refuses_what_is_no_batch(exported):
    engine = load(exported())
    assert 'multiples of 64, got (1, 64, 96, 3)' in refusal(engine.run, batch(1, 64, 96))
    assert 'got (0, 64, 64, 3)' in refusal(engine.run, batch(0, 64, 64))
    assert 'got (1, 64, 128, 1)' in refusal(engine.run, batch()[..., :1])
    assert 'got float32 (1, 64, 128, 3)' in refusal(engine.run, batch().astype(np.float32))
    assert 'got uint8 (64, 128, 3)' in refusal(engine.run, batch()[0])
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
    from litepose_mm.inference.engines.openvino import compile_options, cpu_core

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
    monkeypatch.setitem(sys.modules, get_engine(name).library or name, None)
    monkeypatch.setattr(openvino_engine, 'cpu_core', openvino_engine.cpu_core.__wrapped__)
    message = refusal(load, folder)
    assert f'pip install litepose_mm[{get_engine(name).extra}]' in message


def candidates_card(folder):
    card = ModelCard.load(folder)
    decoder = card.decoder
    rules = replace(decoder.rules, missing='none')
    own = AssociativeEmbeddingCandidates(
        rules=rules, stride=decoder.stride, tag_dim=decoder.tag_dim
    )
    return replace(card, decoder=own)


def test_ncnn_takes_maps_only(exported):
    card = candidates_card(exported('ncnn', SHAPE))
    message = refusal(get_engine('ncnn').check, 'fp32', card)
    assert 'values, positions, tags' in message


def test_a_card_of_another_engine(exported):
    message = refusal(lambda: load(exported(), engine='tvm', build={'target': 'host'}))
    assert 'expected one file *.so for tvm, got model.onnx' in message


@pytest.mark.parametrize(
    'changes',
    [dict(tag_dim=2), dict(stride=1), dict(stride=4)],
)
def test_a_card_that_does_not_fit_its_model(exported, changes):
    decoder = replace(ModelCard.load(exported()).decoder, **changes)
    engine = load(exported(), decoder=decoder)
    assert 'its card: expected outputs' in refusal(engine.run, batch())


def test_outputs_that_the_model_lacks(exported):
    folder = exported()
    decoder = candidates_card(folder).decoder
    assert "no output 'values'" in refusal(lambda: load(folder, decoder=decoder))


class Fake(Engine):
    """Fails as it is told."""

    def _load(self, folder, threads):
        self.error = None

    def _run(self, batch):
        raise self.error


@pytest.mark.parametrize(
    'error, message',
    [
        (MemoryError(), 'not enough memory for 1 input of 128x64'),
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


@pytest.mark.parametrize(('shape', 'is_advised'), [(None, True), (SHAPE, False)])
def test_a_static_export_is_advised_to_models_of_any_shape(exported, shape, is_advised):
    folder = exported('onnxruntime', shape)
    engine = Fake(folder, ModelCard.load(folder))
    engine.error = RuntimeError('no such kernel')
    message = refusal(engine.run, batch())
    assert ('--static 128x64' in message) == is_advised
    assert 'onnxruntime that its card lists' in message


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
    from litepose_mm.inference.engines.onnxruntime import sums_saturate

    if flags is not None:
        (tmp_path / 'cpuinfo').write_text(flags)
    assert sums_saturate(tmp_path / 'cpuinfo') == saturates
