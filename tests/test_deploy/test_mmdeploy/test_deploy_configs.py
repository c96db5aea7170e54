"""Every deploy config exports a small model, which gives what torch gives."""

import copy
import gc
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from exported import tiny_estimator, torch_outputs
from mmengine.config import Config
from mmpose.registry import KEYPOINT_CODECS

from litepose_mm.checkpoints import save_weights
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.paths import config_path, mim_root

pytest.importorskip('mmdeploy', reason='mmdeploy is not installed: make mmdeploy')

from mmdeploy.apis import build_task_processor
from mmdeploy.apis.utils import to_backend

from litepose_mm.deploy.mmdeploy import torch2onnx
from litepose_mm.inference.engines.tensorrt import SHAPES, trtexec_command

CONFIGS = sorted((mim_root() / 'configs/deploy').glob('pose-detection_ae*.py'))
# Half precision is checked to be near, not equal.
TOLERANCE = {'fp32': 1e-4, 'fp16': 0.02}


def cases():
    """All; those of large inputs are slow."""
    for path in CONFIGS:
        is_large = path.stem.endswith(('448x448', '512x512'))
        yield pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * is_large)


@dataclass
class Small:
    """A random network that finds people, its config and files."""

    model: torch.nn.Module
    config: Config
    folder: Path

    @property
    def image(self):
        return str(self.folder / 'image.png')

    @property
    def weights(self):
        return str(self.folder / 'weights.pth')

    def model_cfg(self):
        """A new one, since tasks change theirs."""
        return copy.deepcopy(self.config)


@pytest.fixture(scope='module')
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp('small')
    model = tiny_estimator().model
    # Many random people take long to tell apart.
    model.cfg.model.head.decoder.update(decode_topk=4)
    model.head.decoder = KEYPOINT_CODECS.build(model.cfg.model.head.decoder)
    state = model.state_dict().items()
    save_weights(
        {k: v for k, v in state if 'data_preprocessor' not in k}, folder / 'weights.pth', {}
    )
    # Square, so that no black border has equal values that engines order differently.
    pixels = np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)
    cv2.imwrite(str(folder / 'image.png'), pixels)
    return Small(model, model.cfg, folder)


@pytest.fixture(scope='module')
def onnx_file(small):
    """``onnx_file(deploy_cfg)``; configs that differ in precision share it, tracing takes long."""
    files = {}

    def export(deploy_cfg):
        backend = deploy_cfg.backend_config.type
        key = str((backend, deploy_cfg.codebase_config, deploy_cfg.ir_config))
        if key not in files:
            folder = small.folder / str(len(files))
            folder.mkdir()
            files[key] = folder / deploy_cfg.ir_config.save_file
            # MMDeploy looks for every reference to what it rewrites, at each of 150 functions among
            # all objects of the process; a frozen one is not looked at.
            gc.freeze()
            try:
                torch2onnx(
                    *(small.image, str(folder), files[key].name),
                    *(deploy_cfg, small.model_cfg(), small.weights),
                )
            finally:
                gc.unfreeze()
        return str(files[key])

    return export


def tolerance(deploy_cfg):
    return TOLERANCE[deploy_cfg.backend_config.get('precision', 'fp32')]


def random_inputs(deploy_cfg):
    width, height = deploy_cfg.ir_config.input_shape or (128, 64)
    batch = 1 if deploy_cfg.ir_config.input_shape else 2
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(0))


def assert_same_outputs(model, deploy_cfg, run):
    """Whether ``run(inputs)`` gives what the model's graph gives."""
    inputs, outputs = random_inputs(deploy_cfg), deploy_cfg.codebase_config.outputs
    expected = torch_outputs(model, inputs, outputs=outputs, flip_test=False)
    found = run(inputs)
    assert [tuple(value.shape) for value in found] == [value.shape for value in expected]
    assert np.abs(expected[0]).max() > 0.1
    # Candidates of values that are equal to rounding may change places: people tell of the rest.
    count = 2 if outputs == 'maps' else 1
    for one, other in list(zip(found, expected))[:count]:
        torch.testing.assert_close(one, torch.from_numpy(other), atol=tolerance(deploy_cfg), rtol=0)


def torch_people(small, task, outputs):
    """What the torch model finds on the image, as the task resizes it."""
    model, decoder = copy.copy(small.model), small.config.model.head.decoder
    if outputs == 'candidates':
        model.test_cfg = dict(model.test_cfg, restore_heatmap_size=False)
        decoder = dict(decoder, decode_missing='none')
    before = small.model.head.decoder
    small.model.head.decoder = KEYPOINT_CODECS.build(decoder)
    try:
        return model.test_step(task.create_input(small.image)[0])[0].pred_instances
    finally:
        small.model.head.decoder = before


def assert_same_people(found, expected):
    assert len(expected.keypoints) > 3
    np.testing.assert_allclose(found.keypoints, expected.keypoints, atol=0.1)
    np.testing.assert_allclose(found.keypoint_scores, expected.keypoint_scores, atol=1e-4)
    np.testing.assert_allclose(found.bbox_scores, expected.bbox_scores, atol=1e-4)
    assert (found.keypoints[found.keypoint_scores == 0] == 0).all()


@pytest.mark.parametrize('path', list(cases()))
def test_deploy_config(path, small, onnx_file):
    deploy_cfg = Config.fromfile(path)
    backend = deploy_cfg.backend_config.type
    assert path.stem.split('_')[2].partition('-')[0] == backend
    pytest.importorskip('onnxruntime' if backend == 'tensorrt' else backend)
    if backend == 'ncnn':
        pytest.importorskip('pnnx')
    if backend == 'tvm':
        deploy_cfg.backend_config.allow_untuned = True  # tuning takes minutes
    file = onnx_file(deploy_cfg)
    if backend == 'tensorrt':
        check_tensorrt(small.model, deploy_cfg, file)
        return
    files = to_backend(
        backend, [file], work_dir=str(Path(file).parent), deploy_cfg=deploy_cfg, device='cpu'
    )
    task = build_task_processor(small.model_cfg(), deploy_cfg, 'cpu')
    model = task.build_backend_model(files, task.update_data_preprocessor)

    def run(inputs):
        return model.wrapper.output_to_list(model.wrapper({'inputs': inputs}))

    assert_same_outputs(small.model, deploy_cfg, run)
    if tolerance(deploy_cfg) == TOLERANCE['fp32']:
        found = model.test_step(task.create_input(small.image)[0])[0].pred_instances
        expected = torch_people(small, task, deploy_cfg.codebase_config.outputs)
        assert_same_people(found, expected)


def check_tensorrt(model, deploy_cfg, file):
    """Without TensorRT: the ONNX file is right, of plain operators, and the command is told."""
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=['CPUExecutionProvider'])
    assert_same_outputs(
        model,
        deploy_cfg,
        lambda inputs: [
            torch.from_numpy(value) for value in session.run(None, {'inputs': inputs.numpy()})
        ],
    )
    with pytest.raises(LitePoseError, match='run: trtexec --onnx=') as caught:
        to_backend('tensorrt', [file], work_dir='.', deploy_cfg=deploy_cfg, device='cpu')
    line = str(caught.value)
    assert '\n' not in line and line.count('Shapes=inputs:1x3x') in (0, 3)
    assert ('--minShapes' in line) == ('dynamic_axes' in deploy_cfg.ir_config)
    assert ('--fp16' in line) == deploy_cfg.backend_config.common_config.fp16_mode
    if 'dynamic_axes' in deploy_cfg.ir_config:  # the same shapes as those of litepose export
        assert trtexec_command(file, SHAPES) in line


def test_flip_in_the_graph(small, onnx_file):
    pytest.importorskip('onnxruntime')
    deploy_cfg = Config.fromfile(config_path('pose-detection_ae_onnxruntime_dynamic'))
    deploy_cfg.codebase_config.flip_test = None  # as the model config says
    model_cfg = small.model_cfg()
    model_cfg.model.test_cfg.flip_test = True
    task = build_task_processor(model_cfg, deploy_cfg, 'cpu')
    assert deploy_cfg.codebase_config.flip_test is True
    model = task.build_backend_model([onnx_file(deploy_cfg)], task.update_data_preprocessor)
    found = model.test_step(task.create_input(small.image)[0])[0].pred_instances
    small.model.test_cfg['flip_test'] = True
    try:
        expected = torch_people(small, task, 'maps')
    finally:
        small.model.test_cfg['flip_test'] = False
    assert found.tags.shape[1] == 2
    assert_same_people(found, expected)


def test_a_static_model_refuses_other_shapes(small, onnx_file):
    pytest.importorskip('onnxruntime')
    deploy_cfg = Config.fromfile(config_path('pose-detection_ae_onnxruntime_static-256x256'))
    task = build_task_processor(small.model_cfg(), deploy_cfg, 'cpu')
    model = task.build_backend_model([onnx_file(deploy_cfg)], task.update_data_preprocessor)
    for batch, size in ((1, (64, 128)), (2, (256, 256))):
        data, _ = task.create_input([small.image] * batch, size)
        with pytest.raises(LitePoseError, match=r'\(1, 3, 256, 256\), got') as caught:
            model.test_step(data)
        assert '\n' not in str(caught.value)
