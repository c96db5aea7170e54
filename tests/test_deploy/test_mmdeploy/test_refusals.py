"""What cannot work through MMDeploy says so in one line."""

import ast
import sys

import numpy as np
import pytest
from mmengine.config import Config
from networks import TINY, litepose_config
from pipelines import ae_codec, ae_test_pipeline

from litepose_mm.errors import LitePoseError
from litepose_mm.utils.paths import config_path, mim_root

ROOT = mim_root() / 'litepose_mm'


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


@pytest.mark.skipif(not ROOT.is_dir(), reason='the tests do not lie beside the source tree')
def test_only_the_plugin_imports_mmdeploy():
    plugin = ROOT / 'deploy/mmdeploy'
    users = {
        path
        for path in ROOT.rglob('*.py')
        if any(name.partition('.')[0] == 'mmdeploy' for name in imports(path))
    }
    assert users and all(plugin in path.parents for path in users)
    assert 'mmdeploy' not in (ROOT / 'deploy/__init__.py').read_text()


def test_without_mmdeploy_it_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.startswith('litepose_mm.deploy.mmdeploy')]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.partition('.')[0] == 'mmdeploy']:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, 'mmdeploy', None)
    monkeypatch.setitem(sys.modules, 'mmdeploy.apis', None)
    monkeypatch.delattr('litepose_mm.deploy.mmdeploy', raising=False)
    with pytest.raises(LitePoseError, match='pip install --no-deps mmdeploy==1.3.1') as caught:
        Config.fromfile(config_path('pose-detection_ae_onnxruntime_dynamic'))
    assert '\n' not in str(caught.value)


def model_cfg(**test_cfg):
    codec = ae_codec(input_size=(64, 64))
    dataset = dict(type='CrowdPoseDataset', pipeline=ae_test_pipeline(codec))
    return Config(
        dict(
            default_scope='mmpose',
            model=litepose_config(TINY, test_cfg=test_cfg),
            test_dataloader=dict(dataset=dataset),
        )
    )


def build(name, model=None, **changes):
    pytest.importorskip('mmdeploy', reason='mmdeploy is not installed: make mmdeploy')
    deploy_cfg = Config.fromfile(config_path(f'pose-detection_ae_{name}'))
    deploy_cfg.merge_from_dict(changes)
    from mmdeploy.apis import build_task_processor

    device = 'cuda' if name.startswith('tensorrt') else 'cpu'  # MMDeploy refuses the other
    return build_task_processor(model or model_cfg(), deploy_cfg, device)


CANDIDATES = {
    'codebase_config.outputs': 'candidates',
    'ir_config.output_names': ['values', 'positions', 'tags'],
}


@pytest.mark.parametrize(
    ('name', 'changes', 'message'),
    [
        ('ncnn_static-256x256', CANDIDATES, "expected 'maps' for ncnn"),
        ('onnxruntime_dynamic', {'backend_config.type': 'ncnn'}, 'one input shape'),
        ('onnxruntime_dynamic', {'backend_config.type': 'tvm'}, 'one input shape for tvm'),
        ('onnxruntime_dynamic', {'backend_config.type': 'coreml'}, "got 'coreml'"),
        ('onnxruntime_dynamic', {'codebase_config.outputs': 'people'}, "got 'people'"),
        (
            'onnxruntime_dynamic',
            {'codebase_config.outputs': 'candidates'},
            'output_names: expected',
        ),
        ('onnxruntime_static-256x256', {'ir_config.input_shape': None}, 'expected width and'),
        *[
            (
                name,
                {'backend_config.precision': 'int8'},
                f"for {name.partition('_')[0]}, got 'int8'",
            )
            for name in (
                'onnxruntime_dynamic',
                'openvino_dynamic',
                'ncnn_static-256x256',
                'tensorrt_dynamic',
            )
        ],
        (
            'tensorrt_dynamic',
            {'backend_config.common_config.int8_mode': True},
            'fp32, or common_config.fp16_mode .*`litepose export --precision int8`',
        ),
        ('onnxruntime_dynamic', {'backend_config.precision': 'fp16'}, "fp32 .* got 'f"),
        ('onnxruntime_static-256x256', {'ir_config.input_shape': (100, 64)}, r'got \(100, 64\)'),
    ],
)
def test_configs_that_cannot_work(name, changes, message):
    with pytest.raises(LitePoseError, match=message) as caught:
        build(name, **changes)
    assert '\n' not in str(caught.value)


def test_several_scales():
    with pytest.raises(LitePoseError, match='multiscale_test'):
        build('onnxruntime_dynamic', model_cfg(multiscale_test=True))


def test_another_model():
    model = model_cfg()
    model.model.type = 'BottomupPoseEstimator'
    with pytest.raises(LitePoseError, match='MultiScaleBottomup'):
        build('onnxruntime_dynamic', model).build_pytorch_model()


def test_a_rule_that_candidates_cannot_follow():
    model = model_cfg()
    model.model.head.decoder.decode_offset = 'mmpose'
    task = build(
        'onnxruntime_dynamic',
        model,
        **CANDIDATES,
        **{'ir_config.dynamic_axes': None, 'ir_config.input_shape': (64, 64)},
    )
    with pytest.raises(LitePoseError, match="got 'mmpose'"):
        task.build_pytorch_model()


def test_another_resize():
    model = model_cfg()
    steps = model.test_dataloader.dataset.pipeline
    steps[1] = dict(type='BottomupResize', input_size=(64, 64))
    with pytest.raises(LitePoseError, match='such as BottomupResizeAlign.* got .*BottomupResize'):
        build('onnxruntime_static-256x256', model).create_input(np.zeros((9, 9, 3), np.uint8))


def test_weights_that_do_not_fit(tmp_path):
    (tmp_path / 'weights.pth').write_text('nothing')
    with pytest.raises(LitePoseError, match='not a checkpoint'):
        build('onnxruntime_dynamic').build_pytorch_model(str(tmp_path / 'weights.pth'))


@pytest.mark.parametrize('name', ['openvino', 'ncnn'])
def test_a_missing_runtime(name, monkeypatch):
    pytest.importorskip('mmdeploy', reason='mmdeploy is not installed: make mmdeploy')
    from importlib.util import find_spec

    config = 'openvino_dynamic' if name == 'openvino' else 'ncnn_static-256x256'
    task = build(config)
    monkeypatch.setattr(
        'importlib.util.find_spec', lambda which: None if which == name else find_spec(which)
    )
    with pytest.raises(LitePoseError, match=rf'litepose_mm\[{name}\]'):
        task.build_backend_model(['model', 'weights'])


@pytest.mark.parametrize(
    ('config', 'suffixes'),
    [
        ('onnxruntime_dynamic', ['onnx']),
        ('openvino_dynamic', ['xml', 'bin']),
        ('ncnn_static-256x256', ['param', 'bin']),
        ('ncnn_static-256x256', ['param']),
    ],
)
@pytest.mark.parametrize('there', [True, False])
def test_a_file_that_is_no_model(tmp_path, config, suffixes, there):
    engine = config.partition('_')[0]
    pytest.importorskip(engine)
    files = [tmp_path / f'm.{suffix}' for suffix in suffixes]
    for file in files:
        if there:
            file.write_text('nothing')
    with pytest.raises(LitePoseError, match=f'{engine} cannot load'):
        build(config).build_backend_model([str(file) for file in files])


def test_the_sdk():
    task = build('onnxruntime_dynamic')
    for call in (task.get_preprocess, task.get_postprocess):
        with pytest.raises(LitePoseError, match='SDK .* bottom-up .* litepose_mm.runtime'):
            call()


def test_inputs_of_one_shape_come_back_to_the_image():
    """The transform for static models is the runtime's resize."""
    pytest.importorskip('mmdeploy', reason='mmdeploy is not installed: make mmdeploy')
    from litepose_mm.preprocessing.resize import resize_align, resize_within

    image = np.random.default_rng(0).integers(0, 255, (50, 90, 3), np.uint8)
    task = build('onnxruntime_static-256x256')
    for size, expected in (
        ((256, 256), resize_within(image, (256, 256))),
        ((128, 64), resize_align(image, (128, 64))),  # what the test pipeline gives
    ):
        data, inputs = task.create_input(image, size)
        np.testing.assert_array_equal(inputs[0].numpy().transpose(1, 2, 0), expected.image)
        meta = data['data_samples'][0].metainfo
        points = np.array([[3.0, 5.0], [60.0, 40.0]], dtype=np.float32)
        back = points / meta['input_size'] * meta['input_scale']
        back = back + meta['input_center'] - 0.5 * meta['input_scale']
        np.testing.assert_allclose(back, expected.to_original(points), atol=1e-3)
