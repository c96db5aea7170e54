"""Deploy configs for part affinity fields, on a narrow network."""

import copy

import cv2
import numpy as np
import pytest
import torch
from deploy_networks import with_statistics
from mmengine.config import Config
from mmpose.apis import init_model
from part_affinity_people import narrow_config

from litepose_mm.checkpoints import save_weights
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.paths import mim_root

pytest.importorskip('mmdeploy', reason='mmdeploy is not installed: make mmdeploy')

from mmdeploy.apis import build_task_processor
from mmdeploy.apis.utils import to_backend

from litepose_mm.deploy.mmdeploy import torch2onnx

CONFIGS = sorted((mim_root() / 'configs/deploy').glob('pose-detection_paf*.py'))


@pytest.fixture(scope='module')
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp('small')
    torch.manual_seed(0)
    model = with_statistics(init_model(narrow_config(), None, device='cpu'))
    state = {k: v for k, v in model.state_dict().items() if 'data_preprocessor' not in k}
    save_weights(state, folder / 'weights.pth', {})
    pixels = np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8)
    cv2.imwrite(str(folder / 'image.png'), pixels)
    return model, folder


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_deploy_config(path, small, tmp_path):
    model, folder = small
    image, deploy_cfg = str(folder / 'image.png'), Config.fromfile(path)
    backend = deploy_cfg.backend_config.type
    pytest.importorskip(backend)
    if backend == 'ncnn':
        pytest.importorskip('pnnx')
    file = deploy_cfg.ir_config.save_file
    weights = str(folder / 'weights.pth')
    torch2onnx(image, str(tmp_path), file, copy.deepcopy(deploy_cfg), narrow_config(), weights)
    files = to_backend(
        backend,
        [str(tmp_path / file)],
        work_dir=str(tmp_path),
        deploy_cfg=deploy_cfg,
        device='cpu',
    )
    task = build_task_processor(narrow_config(), deploy_cfg, 'cpu')
    exported = task.build_backend_model(files, task.update_data_preprocessor)
    batch = task.create_input(image)[0]
    found = exported.test_step(copy.deepcopy(batch))[0].pred_instances
    expected = model.test_step(copy.deepcopy(batch))[0].pred_instances
    assert len(expected.keypoints) > 3
    np.testing.assert_allclose(found.keypoints, expected.keypoints, atol=0.1)
    np.testing.assert_allclose(found.keypoint_scores, expected.keypoint_scores, atol=1e-3)
    np.testing.assert_allclose(found.bbox_scores, expected.bbox_scores, atol=1e-3)


def test_a_deploy_config_of_another_kind(small):
    _, folder = small
    path = mim_root() / 'configs/deploy/pose-detection_ae_onnxruntime_dynamic.py'
    task = build_task_processor(narrow_config(), Config.fromfile(path), 'cpu')
    with pytest.raises(LitePoseError, match=r"expected \['heatmaps', 'fields'\] for this model"):
        task.build_pytorch_model(str(folder / 'weights.pth'))
