"""MMPose's own APIs and scripts work on our configs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import mmpose
import numpy as np
import pytest
import torch
from mmengine.config import Config
from networks import TINY, litepose, make_it_see_people
from pipelines import ae_codec, ae_test_pipeline

from litepose_mm.checkpoints import save_weights
from litepose_mm.utils.paths import config_path, mim_root
from litepose_mm.zoo import get_model


@pytest.fixture
def small_config(tmp_path):
    """The XS config as a user would change it: a small network, own data, own size."""
    base = config_path(get_model('litepose-xs_crowdpose').config)
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for index in range(3):
        cv2.imwrite(str(tmp_path / f'{index}.jpg'), rng.integers(0, 255, (50, 70, 3), np.uint8))
        images.append(dict(id=index, file_name=f'{index}.jpg', width=70, height=50))
        keypoints = np.concatenate([rng.uniform(5, 45, (14, 2)), np.full((14, 1), 2)], axis=1)
        annotations.append(
            dict(
                id=index,
                image_id=index,
                category_id=1,
                iscrowd=0,
                num_keypoints=14,
                keypoints=keypoints.ravel().tolist(),
                bbox=[5, 5, 40, 40],
                area=1600,
            )
        )
        images[-1]['crowdIndex'] = 0.1 * (1 + 3 * index)
    categories = [dict(id=1, name='person', keypoints=[], skeleton=[])]
    (tmp_path / 'ann.json').write_text(
        json.dumps(dict(images=images, annotations=annotations, categories=categories))
    )
    path = tmp_path / 'config.py'
    codec = ae_codec(input_size=(64, 64), decode_topk=3)
    path.write_text(f"""
_base_ = r'{base}'
# A published name is replaced by a mapping.
arch = dict(_delete_=True, **{TINY.to_dict()!r})
codec = {codec!r}
model = dict(backbone=dict(arch=arch), head=dict(arch=arch, decoder=codec))
test_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        data_root=r'{tmp_path}',
        ann_file='ann.json',
        data_prefix=dict(img=''),
        pipeline={ae_test_pipeline(codec)!r}))
test_evaluator = dict(ann_file=r'{tmp_path / 'ann.json'}')
""")
    return path


@pytest.fixture
def weights(tmp_path):
    torch.manual_seed(0)
    state = make_it_see_people(litepose(TINY)).state_dict()
    path = tmp_path / 'weights.pth'
    save_weights({k: v for k, v in state.items() if 'data_preprocessor' not in k}, path, {})
    return path


def run(*args, cwd):
    environment = dict(os.environ, OMP_NUM_THREADS='1')
    return subprocess.run(
        [sys.executable, *map(str, args)], cwd=cwd, env=environment, capture_output=True, text=True
    )


@pytest.mark.slow
def test_mmposes_test_script(small_config, weights, tmp_path):
    script = Path(mmpose.__file__).parent / '.mim' / 'tools' / 'test.py'
    result = run(
        '-m',
        'litepose_mm.compat',
        script,
        small_config,
        weights,
        '--work-dir',
        tmp_path / 'work',
        '--out',
        tmp_path / 'metrics.json',
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    metrics = json.loads((tmp_path / 'metrics.json').read_text())
    assert {'crowdpose/AP', 'crowdpose/AP(E)', 'crowdpose/AP(H)'} <= set(metrics)
    assert 0 <= metrics['crowdpose/AR'] <= 1  # -1 where nothing was found or evaluated


def test_inferencer(small_config, weights, tmp_path):
    from mmpose.apis import MMPoseInferencer

    inferencer = MMPoseInferencer(
        pose2d=str(small_config), pose2d_weights=str(weights), device='cpu'
    )
    result = next(inferencer(str(tmp_path / '0.jpg'), return_datasamples=False))
    (people,) = result['predictions']
    assert people and all(len(person['keypoints']) == 14 for person in people)


@pytest.mark.slow
def test_flops_tool(small_config, tmp_path):
    tool = mim_root() / 'tools/analysis_tools/get_flops.py'
    result = run(tool, small_config, '--shape', '64', cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert 'paper_macs' in result.stdout and 'transposed convolutions' in result.stdout
    model = litepose(TINY)
    assert f'{sum(p.numel() for p in model.parameters()):,}' in result.stdout


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['missing.py'], 'no config missing.py'),
        (['empty.py'], 'it has no `model`'),
        (['bare.py'], 'give --shape H W'),
        (['bare.py', '--shape', '1', '2', '3'], 'one or two positive numbers'),
    ],
)
def test_flops_tool_says_what_is_wrong(tmp_path, arguments, message):
    (tmp_path / 'empty.py').write_text('a = 1')
    (tmp_path / 'bare.py').write_text('model = dict()')
    tool = mim_root() / 'tools/analysis_tools/get_flops.py'
    result = run(tool, *arguments, cwd=tmp_path)
    line = result.stderr.strip().splitlines()[-1]
    assert result.returncode == 2 and message in line and 'Traceback' not in result.stderr


def test_saved_configs_load_again(small_config, tmp_path):
    config = Config.fromfile(small_config)
    config.dump(tmp_path / 'dumped.py')
    again = Config.fromfile(tmp_path / 'dumped.py')
    assert again.model == config.model and again.test_dataloader == config.test_dataloader
