"""``export_model``: folders that a runtime runs, whole or not there."""

import json
import os
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from exported import assert_same_people, need, tiny_estimator, torch_outputs
from msgspec.structs import replace
from processes import killed_process

from litepose_mm import LitePoseError
from litepose_mm.apis.description import describe
from litepose_mm.decoding import AssociativeEmbedding, AssociativeEmbeddingCandidates
from litepose_mm.deploy import export_model, self_check
from litepose_mm.deploy.exported_folder import check_replaceable, replacing_folder
from litepose_mm.inference.engines import base, load_engine
from litepose_mm.models.backbones import LitePose
from litepose_mm.runtime import ModelCard, PoseEstimator


@pytest.fixture(scope='module')
def tiny():
    return tiny_estimator()


@pytest.fixture(scope='module')
def photo():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    return cv2.resize(image[:16, :16], (64, 64), interpolation=cv2.INTER_CUBIC)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


FILES = {
    'onnxruntime': ['model.json', 'model.onnx'],
    'openvino': ['model.bin', 'model.json', 'model.xml'],
    'ncnn': ['model.json', 'model.ncnn.bin', 'model.ncnn.param'],
}


@pytest.mark.parametrize(
    'engine, flip_test', [('onnxruntime', False), ('openvino', True), ('ncnn', True)]
)
def test_exported_model_finds_the_same(photo, tmp_path, engine, flip_test):
    need(engine)
    tiny = tiny_estimator(flip_test=flip_test)
    shape = None if engine != 'ncnn' else (64, 64)
    card = export_model(tiny.model, None, tmp_path / 'out', engine=engine, input_shape=shape)
    assert names(tmp_path / 'out') == FILES[engine]
    assert names(tmp_path) == ['out']
    assert (card.engine, card.precision, card.flip_test) == (engine, 'fp32', flip_test)
    assert card.resize.short_side == 64
    assert card.versions['torch'] and card.versions[engine]
    runtime = PoseEstimator(tmp_path / 'out', threads=1)
    assert runtime.card.to_dict() == card.to_dict()
    expected = tiny(photo)
    assert len(expected)
    assert_same_people(runtime(photo), expected)


def test_card_of_a_model_of_the_zoo():
    from litepose_mm.apis.model_building import build_model

    with pytest.warns(UserWarning, match='random'):
        model = build_model('litepose-xs_coco', device='cpu')
    card = describe(model, (256, 320))
    assert card.name == 'litepose-xs_coco'
    assert (card.engine, card.precision, card.files) == ('torch', 'fp32', {})
    assert (card.resize.short_side, card.resize.divisor) == (256, 64)
    assert card.input_shape == (256, 320) and card.batch_limit == 1
    assert card.flip_test and card.channel_order == 'rgb' and not card.resize.takes_boxes
    assert card.mean == pytest.approx((123.675, 116.28, 103.53))
    decoder = card.decoder
    assert isinstance(decoder, AssociativeEmbedding) and decoder.restore_heatmap_size is True
    assert (decoder.stride, decoder.tag_dim) == (2, 2)
    assert decoder.rules.missing == 'litepose'
    assert decoder.output_shapes(1, (256, 320))[0] == (1, 17, 128, 160)
    assert describe(model, flip_test=False).decoder.tag_dim == 1
    candidates = describe(model, outputs='candidates').decoder
    assert isinstance(candidates, AssociativeEmbeddingCandidates)
    assert candidates.rules.missing == 'none' and candidates.tag_dim == 2


@pytest.mark.parametrize('engine', ['onnxruntime', 'openvino'])
def test_candidates(tiny, photo, tmp_path, engine):
    need(engine)
    card = export_model(tiny.model, None, tmp_path / 'out', engine=engine, outputs='candidates')
    assert card.decoder.output_names == ('values', 'positions', 'tags')
    assert len(PoseEstimator(tmp_path / 'out', threads=1)(photo))


@pytest.mark.parametrize('engine, precision', [('openvino', 'fp16'), ('ncnn', 'fp16')])
def test_half_precision_takes_half_the_space(tiny, tmp_path, engine, precision):
    need(engine)
    sizes = []
    for kind in ('fp32', precision):
        card = export_model(
            tiny.model, None, tmp_path / kind, engine=engine, precision=kind, input_shape=(64, 64)
        )
        assert card.precision == kind
        sizes.append(card.file(tmp_path / kind, '.bin').stat().st_size)
    assert sizes[1] < 0.65 * sizes[0]


@pytest.mark.parametrize('shape', [None, (64, 128)])
def test_tensorrt_gets_a_command(tiny, tmp_path, shape):
    pytest.importorskip('onnx')
    folder = tmp_path / 'out'
    card = export_model(tiny.model, None, folder, engine='tensorrt', input_shape=shape)
    assert card.engine == 'tensorrt' and ModelCard.load(folder) == card
    assert names(folder) == ['model.json', 'model.onnx', 'trtexec.txt']
    command = (folder / 'trtexec.txt').read_text().split()
    assert command[:2] == ['trtexec', '--onnx=model.onnx']
    assert ('--minShapes=inputs:1x3x64x64' in command) == (shape is None)
    with pytest.raises(LitePoseError, match=r'TensorRT.*trtexec\.txt'):
        PoseEstimator(folder)
    export_model(tiny.model, None, folder, input_shape=shape)  # takes its place
    assert names(folder) == FILES['onnxruntime']


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(engine='coreml'), 'engine: expected one of .*onnxruntime.*, got .coreml.'),
        (dict(engine='torch'), 'engine: torch '),
        (dict(precision='fp8'), 'precision: expected fp32 or int8 .*got .fp8.'),
        (dict(engine='openvino', outputs='boxes'), "outputs: expected 'maps' or 'candidates'"),
        (dict(engine='ncnn', outputs='candidates'), "outputs: ncnn .* 'maps'"),
        (dict(engine_options={'target': 'host'}), 'target: onnxruntime has no such option'),
        (dict(input_shape=(64, 100)), r'--static, .* multiples of 64 pixels, got 100x64 \(width x'),
        (dict(weights='a.pth'), 'weights, short_side and cfg_options: expected None'),
        (dict(short_side=128), 'weights, short_side and cfg_options: expected None'),
    ],
)
def test_refused(tiny, tmp_path, options, message):
    options = dict(dict(weights=None, folder=tmp_path / 'out'), **options)
    with pytest.raises(LitePoseError, match=message):
        export_model(tiny.model, **options)
    assert not names(tmp_path)


def test_missing_package_is_named(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(base, 'find_spec', lambda package: None)
    with pytest.raises(LitePoseError, match=r'needs openvino: pip install "litepose_mm\[export,op'):
        export_model(tiny.model, None, tmp_path / 'out', engine='openvino')


def test_a_model_whose_outputs_are_not_finite_is_not_exported(tiny, tmp_path):
    need('onnxruntime')
    model = deepcopy(tiny.model)
    model.head.outputs[0].refined.pointwise.weight.data.fill_(float('nan'))
    with pytest.raises(LitePoseError, match='infinite or undefined'):
        export_model(model, None, tmp_path / 'out')
    assert not names(tmp_path)


@pytest.mark.parametrize(
    ('engine', 'precision', 'factor', 'message'),
    [
        ('onnxruntime', 'fp32', 1.01, 'onnxruntime does not .* heatmaps differ by 1 %'),
        ('openvino', 'fp16', 0, 'openvino does not .* heatmaps differ by 58'),
    ],
)
def test_an_engine_that_calculates_something_else_is_found_out(
    tiny, tmp_path, monkeypatch, engine, precision, factor, message
):
    pytest.importorskip(engine)

    def load(*args, **options):
        loaded = load_engine(*args, **options)
        run = loaded.run
        monkeypatch.setattr(loaded, 'run', lambda batch: [factor * each for each in run(batch)])
        return loaded

    monkeypatch.setattr(self_check, 'load_engine', load)
    with pytest.raises(LitePoseError, match=message):
        export_model(tiny.model, None, tmp_path / 'out', engine=engine, precision=precision)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('precision, refused', [('fp32', True), ('bf16', False)])
def test_rounding_of_heatmaps_that_are_next_to_zero(tiny, monkeypatch, precision, refused):
    heatmaps, tags = np.full((1, 28, 8, 8), 0.01), np.full((1, 14, 8, 8), 2.0)
    engine = SimpleNamespace(run=lambda images: [1.6 * heatmaps, 1.01 * tags])
    monkeypatch.setattr(self_check, 'load_engine', lambda *args, **options: engine)
    card = replace(describe(tiny.model), engine='openvino', precision=precision)
    sample = self_check.Sample(np.zeros((1, 32, 32, 3), np.uint8), [heatmaps, tags])
    error = pytest.raises(LitePoseError, match='heatmaps differ by 60 %')
    with error if refused else nullcontext():
        self_check.check_exported(Path(), card, [sample])


@pytest.mark.parametrize(
    'factor, takes, batch_limit, input_shape',
    [
        (
            lambda maps: 1.1 ** (int(maps.shape[0]) - 1),
            'one input at a time.*[(]2, ',
            1,
            None,
        ),
        (lambda maps: int(maps.shape[3]) / 10, 'inputs of 64x64 .*[(]1, ', 1, (64, 64)),
    ],
)
def test_a_graph_that_holds_for_less_promises_less(
    tmp_path, monkeypatch, factor, takes, batch_limit, input_shape
):
    need('onnxruntime')
    model, forward = tiny_estimator().model, LitePose.forward
    # int() of a shape is a constant of the trace, as in the windows of Swin
    monkeypatch.setattr(
        LitePose, 'forward', lambda self, x: tuple(m * factor(m) for m in forward(self, x))
    )
    with pytest.warns(UserWarning, match=takes):
        card = export_model(model, None, tmp_path / 'out')
    assert (card.batch_limit, card.input_shape) == (batch_limit, input_shape)

    shape = (2, *(input_shape or (128, 64)), 3)
    inputs = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    found = load_engine(tmp_path / 'out', card, threads=1).run(inputs)
    for number, each in enumerate(inputs):
        for own, other in zip(found, torch_outputs(model, each[None]), strict=True):
            np.testing.assert_allclose(own[number], other[0], atol=1e-3)


def test_a_head_without_a_decoder(tiny, tmp_path):
    model = deepcopy(tiny.model)
    model.head.decoder = None
    with pytest.raises(LitePoseError, match='head.decoder: .*codec'):
        export_model(model, None, tmp_path / 'out')


@pytest.mark.parametrize('name', ['.', '../here', '../link'])
def test_a_folder_stays_and_is_filled(tiny, tmp_path, monkeypatch, name):
    """It may be a mount point, the current folder, or in a folder that nobody may write to."""
    need('onnxruntime')
    folder = tmp_path / 'here'
    folder.mkdir()
    (tmp_path / 'link').symlink_to(folder)
    monkeypatch.chdir(folder)
    before = folder.stat().st_ino

    def move(source, target, replace=os.replace):
        assert folder in Path(target).parents
        replace(source, target)

    monkeypatch.setattr(os, 'replace', move)
    monkeypatch.setattr(os, 'rename', lambda *_: pytest.fail('the folder was renamed'))
    export_model(tiny.model, None, name)
    assert names(folder) == FILES['onnxruntime'] and folder.stat().st_ino == before
    assert names(tmp_path) == ['here', 'link']


@contextmanager
def write_half(folder):
    with replacing_folder(folder) as new:
        (new / 'model.onnx').write_text('half')
        yield


def test_what_a_killed_export_left_is_removed(tiny, tmp_path):
    need('onnxruntime')
    folder = tmp_path / 'out'
    export_model(tiny.model, None, folder)
    with killed_process(lambda: write_half(folder)) as kill:
        check_replaceable(folder)
        (part,) = set(names(folder)) - set(FILES['onnxruntime'])  # it is still being written
        kill()
    assert ModelCard.load(folder) and (folder / part).is_dir()
    export_model(tiny.model, None, folder)
    assert names(folder) == FILES['onnxruntime']


def test_nothing_but_an_exported_model_is_replaced(tiny, tmp_path):
    need('onnxruntime')
    folder = tmp_path / 'out'
    folder.mkdir()
    export_model(tiny.model, None, folder)
    (folder / 'report.md').write_text('of the last export')
    export_model(tiny.model, None, folder, outputs='candidates')
    assert names(folder) == FILES['onnxruntime']
    assert isinstance(ModelCard.load(folder).decoder, AssociativeEmbeddingCandidates)
    (folder / 'photo.jpg').write_text('mine')
    with pytest.raises(LitePoseError, match=r'is not an exported model: it holds photo\.jpg'):
        export_model(tiny.model, None, folder)
    for name in ('photo.jpg', 'model.json'):
        (folder / name).unlink()
    with pytest.raises(LitePoseError, match=r'it has no model\.json'):
        export_model(tiny.model, None, folder)
    with pytest.raises(LitePoseError, match='got the file'):
        export_model(tiny.model, None, folder / 'model.onnx')
    assert names(folder) == ['model.onnx']


def test_a_failure_leaves_what_was_there(tiny, tmp_path, monkeypatch):
    need('onnxruntime')
    folder = tmp_path / 'out'
    export_model(tiny.model, None, folder)
    before = json.loads((folder / 'model.json').read_text())

    def fail(*args, **options):
        raise LitePoseError('the engine cannot')

    monkeypatch.setattr('litepose_mm.deploy.self_check.load_engine', fail)
    with pytest.raises(LitePoseError, match='the engine cannot'):
        export_model(tiny.model, None, folder)
    assert json.loads((folder / 'model.json').read_text()) == before
    assert names(tmp_path) == ['out']
