"""MMPose's top-down models go through the tools for deployment, without mmdet."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.apis import init_model
from processes import run_script

from litepose_mm.utils.paths import mim_root

FOLDER = mim_root() / 'configs/deploy'
DEPLOY_CONFIGS = [
    path.stem.removeprefix('pose-detection_')
    for kind in ('td-hm', 'simcc')
    for path in sorted(FOLDER.glob(f'pose-detection_{kind}_*.py'))
    if 'tensorrt' not in path.stem
]


@pytest.mark.slow
@pytest.mark.parametrize(
    'name, deploy_name',
    [
        *((each.partition('_')[0], each) for each in DEPLOY_CONFIGS),
        ('rtmcc', 'simcc_onnxruntime_dynamic-256x192'),
    ],
)
def test_export(name, deploy_name, tmp_path):
    backend = deploy_name.split('_')[1]
    for package in ('mmdeploy', 'onnxruntime', backend):
        pytest.importorskip(package)
    (config,) = (mim_root() / 'configs/body_2d_keypoint').glob(f'*/coco/{name}_litepose-s_*.py')
    deploy_config = FOLDER / f'pose-detection_{deploy_name}.py'
    torch.manual_seed(0)
    model = init_model(str(config), device='cpu')
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'weights.pth')
    image = np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)
    cv2.imwrite(str(tmp_path / 'image.png'), image)
    options = (deploy_config, config, 'weights.pth', 'image.png', '--work-dir', 'out')
    status, text = run_script('deployment/deploy.py', *options, cwd=tmp_path)
    assert status == 0, text[-2000:]
    assert (tmp_path / 'out' / f'output_{backend}.jpg').stat().st_size

    import onnxruntime

    file, names = tmp_path / 'out/end2end.onnx', Config.fromfile(deploy_config).ir_config
    session = onnxruntime.InferenceSession(str(file), providers=['CPUExecutionProvider'])
    inputs = np.random.default_rng(0).standard_normal(
        (2 if 'dynamic' in deploy_name else 1, 3, 256, 192), dtype=np.float32
    )
    found = session.run(names.output_names, {'input': inputs})
    with torch.no_grad():
        expected = model.head.forward(model.extract_feat(torch.from_numpy(inputs)))
    expected = expected if isinstance(expected, tuple) else (expected,)
    for own, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, other, atol=1e-3 * float(other.abs().max()))


@pytest.mark.parametrize('kind, backend', [('td-hm', 'tensorrt'), ('simcc', 'tensorrt-fp16')])
def test_configs_of_tensorrt(kind, backend):
    config = Config.fromfile(FOLDER / f'pose-detection_{kind}_{backend}_dynamic-256x192.py')
    assert config.backend_config.common_config.fp16_mode == (backend == 'tensorrt-fp16')
    (shapes,) = config.backend_config.model_inputs
    names = config.ir_config.input_names
    assert list(shapes.input_shapes) == names == ['input']
    assert set(config.ir_config.dynamic_axes) == {*names, *config.ir_config.output_names}
    sides = {tuple(shape[2:]) for shape in shapes.input_shapes.input.values()}
    assert sides == {config.ir_config.input_shape[::-1]}


def test_a_deploy_config_of_bottom_up_models_is_refused():
    pytest.importorskip('mmdeploy')
    from mmdeploy.apis import build_task_processor

    from litepose_mm.errors import LitePoseError

    (config,) = (mim_root() / 'configs').rglob('td-hm_litepose-s_*.py')
    deploy_config = FOLDER / 'pose-detection_ae_onnxruntime_dynamic.py'
    with pytest.raises(LitePoseError, match='pose-detection_td-hm'):
        build_task_processor(Config.fromfile(config), Config.fromfile(deploy_config), 'cpu')
