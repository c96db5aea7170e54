"""Engines run on the device that is chosen, or on the next best one, and say so in one line."""

import copy
import pickle
import warnings

import numpy as np
import pytest

from litepose_mm.errors import LitePoseError
from litepose_mm.inference.devices import candidates
from litepose_mm.inference.engines import Engine, engines, get_engine, quickest_engine
from litepose_mm.inference.engines import openvino as openvino_engine
from litepose_mm.runtime import ModelCard, PoseEstimator

IMAGE = np.random.default_rng(0).integers(0, 256, (64, 128, 3), np.uint8)


class Fake(Engine):
    """Has a GPU, of which two are here, and no NPU; some devices fail."""

    device_kinds = ('gpu', 'npu', 'cpu')
    fails_to_load: tuple = ()
    fails_to_run: tuple = ()

    @classmethod
    def devices_here(cls):
        return {'cpu', 'gpu'}

    def _load(self, folder, threads):
        if self.device in self.fails_to_load:
            raise RuntimeError('no driver')

    def _run(self, batch):
        if self.device in self.fails_to_run:
            raise RuntimeError('no such kernel')
        return ()


@pytest.fixture(autouse=True)
def _name(monkeypatch):
    monkeypatch.setattr(Fake, 'name', 'fake', raising=False)  # without it, no list has the engine


@pytest.mark.parametrize(
    ('device', 'expected'),
    [
        (None, ['cpu']),
        ('cpu', ['cpu']),
        ('cpu:0', ['cpu']),
        ('gpu', ['gpu', 'cpu']),
        ('GPU.1', ['gpu.1', 'gpu', 'cpu']),
        ('npu', ['cpu']),
    ],
)
def test_candidates(device, expected):
    assert candidates(Fake, device) == expected


@pytest.mark.parametrize('device', ['tpu', '', 'gpu.x', 'gpu:', 'cuda:0'])
def test_unknown_names(device):
    with pytest.raises(LitePoseError) as caught:
        candidates(Fake, device)
    message = f'device: expected gpu or cpu for fake, got {device!r}; not found here: npu'
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ('changes', 'device', 'used', 'lines'),
    [
        ({}, 'gpu', 'gpu', []),
        ({}, 'npu', 'cpu', ['fake finds no npu here; using cpu']),
        (
            {'fails_to_load': ('gpu.7',)},
            'gpu.7',
            'gpu',
            ['fake cannot use gpu.7 (RuntimeError: no driver); using gpu'],
        ),
        (
            {'fails_to_run': ('gpu',)},
            'gpu',
            'cpu',
            ['fake cannot use gpu (RuntimeError: no such kernel); using cpu'],
        ),
    ],
)
def test_the_next_best_device(exported, monkeypatch, changes, device, used, lines):
    for name, value in changes.items():
        monkeypatch.setattr(Fake, name, value)
    folder = exported()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter('always')
        engine = Fake(folder, ModelCard.load(folder), device=device)
    assert engine.device == used
    assert [str(each.message) for each in told] == lines


def test_a_model_that_is_damaged_is_refused_once(exported, monkeypatch):
    def refuse(engine, folder, threads):
        raise LitePoseError('damaged')

    monkeypatch.setattr(Fake, '_load', refuse)
    folder = exported()
    with warnings.catch_warnings(), pytest.raises(LitePoseError, match='^damaged$'):
        warnings.simplefilter('error')
        Fake(folder, ModelCard.load(folder), device='gpu')


def test_every_engine_has_the_cpu_last():
    for engine in engines().values():
        assert engine.device_kinds[-1] == 'cpu'
        if engine.is_installed():
            assert 'cpu' in engine.devices_here()


class Core:
    """OpenVINO's core with devices that compute on the CPU."""

    available_devices = ('CPU', 'GPU.0', 'GPU.1', 'NPU')

    def __init__(self, core):
        self._core, self.seen = core, []

    def read_model(self, *args, **options):
        return self._core.read_model(*args, **options)

    def get_property(self, device, name):
        assert name == 'OPTIMIZATION_CAPABILITIES'
        return {'CPU': ['FP32', 'BF16'], 'GPU': ['FP32', 'FP16'], 'NPU': ['FP16', 'INT8']}[device]

    def compile_model(self, model, device, options):
        self.seen.append((device, options))
        if device == 'NPU' and options['INFERENCE_PRECISION_HINT'] == 'f32':
            raise RuntimeError('Unsupported precision')
        return self._core.compile_model(model, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})


@pytest.fixture
def core(monkeypatch):
    pytest.importorskip('openvino')
    core = Core(openvino_engine.cpu_core())
    monkeypatch.setattr(openvino_engine, 'cpu_core', lambda: core)
    return core


def test_openvino_runs_on_its_devices(exported, core):
    folder = exported('openvino')
    expected = PoseEstimator(folder, threads=1)(IMAGE)
    estimator = PoseEstimator(folder, threads=1, device='gpu.1')
    assert estimator(IMAGE) == expected
    assert core.seen[-1] == (
        'GPU.1',
        {'INFERENCE_PRECISION_HINT': 'f32', 'PERFORMANCE_HINT': 'LATENCY'},  # no CPU's threads
    )
    for again in (copy.copy(estimator), pickle.loads(pickle.dumps(estimator))):
        assert again.engine.device == 'gpu.1'
    with pytest.warns(UserWarning, match=r'cannot use npu \(.*Unsupported precision\); using cpu'):
        assert PoseEstimator(folder, device='npu')(IMAGE) == expected


@pytest.mark.parametrize(
    ('device', 'precision'),
    [(None, 'bf16'), ('cpu', 'bf16'), ('gpu', 'fp32'), ('gpu.1', 'fp32'), ('npu', 'fp16')],
)
def test_the_precision_of_a_bundled_model_suits_its_device(core, device, precision):
    estimator = PoseEstimator('litepose-xs', engine='openvino', device=device, short_side=64)
    assert estimator.card.precision == precision
    assert estimator.engine.device == (device or 'cpu')
    again = copy.copy(estimator)
    assert (again.engine.device, again.card) == (estimator.engine.device, estimator.card)


def test_a_copy_keeps_the_device_that_was_used(core, monkeypatch):
    monkeypatch.setattr(core, 'available_devices', ('CPU', 'NPU'))
    monkeypatch.setattr(core, 'compile_model', _without_npu(core.compile_model))
    with pytest.warns(UserWarning, match='using cpu'):
        estimator = PoseEstimator('litepose-xs', engine='openvino', device='npu', short_side=64)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        again = copy.copy(estimator)
    assert (again.engine.device, again.card) == ('cpu', estimator.card)


def _without_npu(compile_model):
    def compile_on(model, device, options):
        if device == 'NPU':
            raise RuntimeError('no driver')
        return compile_model(model, device, options)

    return compile_on


def test_the_fastest_engine_is_one_that_has_the_device(core, monkeypatch):
    onnxruntime = pytest.importorskip('onnxruntime')
    providers = ['CUDAExecutionProvider', 'CPUExecutionProvider']
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: providers)
    assert quickest_engine(False, 'gpu') == 'openvino'
    assert quickest_engine(False, 'cuda:1') == 'onnxruntime'
    assert quickest_engine(False, 'coreml') is None


def test_onnxruntime_without_the_libraries_of_a_provider(exported, monkeypatch):
    onnxruntime = pytest.importorskip('onnxruntime')
    if 'CUDAExecutionProvider' in onnxruntime.get_available_providers():
        pytest.skip('there is CUDA')
    folder = exported('onnxruntime')
    expected = PoseEstimator(folder, threads=1)(IMAGE)
    providers = ['CUDAExecutionProvider', 'CPUExecutionProvider']
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: providers)
    with pytest.warns(UserWarning, match=r'onnxruntime cannot use cuda \(.+\); using cpu'):
        estimator = PoseEstimator(folder, threads=1, device='cuda')
    assert estimator.engine.device == 'cpu' and estimator(IMAGE) == expected


@pytest.mark.parametrize(
    ('device', 'expected'),
    [
        ('cuda:1', [('CUDA', {'device_id': '1', 'use_tf32': '0'})]),
        ('tensorrt', [('Tensorrt', {}), ('CUDA', {'use_tf32': '0'})]),
        ('xnnpack', [('Xnnpack', {'intra_op_num_threads': '2'})]),
        ('directml', [('Dml', {})]),
        ('coreml', [('CoreML', {})]),
        ('cpu', []),
    ],
)
def test_providers_of_onnxruntime(exported, monkeypatch, device, expected):
    onnxruntime = pytest.importorskip('onnxruntime')
    session, seen = onnxruntime.InferenceSession, []

    def open_session(model, options, providers, **fallback):
        seen.append(providers)
        own = session(model, options, ['CPUExecutionProvider'], **fallback)
        own.get_providers = lambda: [name for name, _ in providers]
        return own

    monkeypatch.setattr(onnxruntime, 'InferenceSession', open_session)
    everything = onnxruntime.get_all_providers()
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: everything)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        estimator = PoseEstimator(exported('onnxruntime'), threads=2, device=device)
    assert estimator.engine.device == device and len(estimator(IMAGE)) > 0
    names = [(f'{name}ExecutionProvider', options) for name, options in expected]
    assert seen == [[*names, ('CPUExecutionProvider', {})]]


def test_other_engines_have_no_devices():
    with pytest.raises(LitePoseError, match="device: expected cpu for ncnn, got 'gpu'$"):
        candidates(get_engine('ncnn'), 'gpu')
