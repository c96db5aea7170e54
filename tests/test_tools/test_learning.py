"""Small networks learn synthetic people by heart, through the real tool, in half a minute each."""

import json
import os
import subprocess
import sys

import pytest
from pipelines import ae_codec, ae_test_pipeline, ae_train_pipeline

from litepose_mm.utils.paths import config_path, mim_root

CONFIG = """
_base_ = {base!r}
codec = {codec!r}
{model}scenes = dict(
    type='SyntheticPeopleDataset',
    num_images=8,
    image_size={codec[input_size]},
    keypoints={keypoints!r},
    people=(1, 2),
    scene=dict(stature=(0.6, 0.9), occluders=(0, 0)),
    cache='memory',
)
loader = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        _delete_=True, type='RepeatDataset', times=60, dataset=dict(pipeline={train!r}, **scenes)
    ),
    **loader,
)
val_dataloader = dict(
    dataset=dict(_delete_=True, pipeline={test!r}, test_mode=True, **scenes),
    **loader,
)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs={epochs}, val_interval=1)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=30, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.01,
        begin=0,
        end={epochs},
        convert_to_iter_based=True,
    ),
]
custom_hooks = []
default_hooks = dict(visualization=dict(max_images=1))
"""


AE_MODEL = """
blocks = [[4, 7]] * 2
network = dict(
    img_size=64,
    input_channel=16,
    deconv_setting=[24, 24, 24],
    backbone_setting=[
        dict(num_blocks=2, stride=2, channel=16, block_setting=blocks),
        dict(num_blocks=2, stride=2, channel=24, block_setting=blocks),
        dict(num_blocks=2, stride=2, channel=32, block_setting=blocks),
        dict(num_blocks=2, stride=1, channel=40, block_setting=blocks),
    ],
)
model = dict(
    backbone=dict(_delete_=True, type='LitePose', arch=network),
    head=dict(
        _delete_=True,
        type='FusionDeconvHead',
        arch=network,
        num_keypoints=14,
        decoder=codec,
        output_std=0.001,
        heatmap_loss=dict(type='KeypointMSELoss'),
        tag_loss=dict(type='BatchAssociativeEmbeddingLoss', pull_weight=1e-2, push_weight=1e-2),
    ),
)
"""
PAF_MODEL = """
model = dict(
    backbone=dict(stem=16, layers=[(32, 1, 1), (64, 2, 1), (64, 2, 1), (96, 1, 2), (96, 1, 1)]),
    head=dict(in_channels=96, width=64, decoder=codec),
)
optim_wrapper = dict(_delete_=True, optimizer=dict(type='Adam', lr=3e-3))
val_evaluator = dict(
    _delete_=True,
    type='SampleTruthCocoMetric',
    nms_mode='none',
    score_mode='bbox',
    use_area=False,
    iou_type='keypoints',
    prefix='synthetic',
)
test_evaluator = val_evaluator
"""
PAF_CODEC = dict(
    type='PartAffinityFields', input_size=(128, 128), heatmap_size=(16, 16), decode_offset=1.0
)
# The config, its network, the codec, the keypoints, the epochs and the AP to reach.
CASES = {
    'ae': (
        'ae_litepose-xs_1xb8-13e_synthetic-256x256',
        *(AE_MODEL, ae_codec((64, 64)), 'crowdpose', 4),
        0.6,  # 0.78 where it was written
    ),
    'paf': (
        'paf_lightweight-openpose_8xb10-280e_coco-368x368',
        *(PAF_MODEL, PAF_CODEC, 'coco', 7),
        0.25,  # 0.38
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize('kind', CASES)
def test_ap_of_learned_scenes(tmp_path, kind):
    base, model, codec, keypoints, epochs, least = CASES[kind]
    config = tmp_path / 'config.py'
    test = ae_test_pipeline(codec)
    if kind == 'paf':
        test[1]['type'] = 'BottomupResizeHeight'
        del test[1]['aug_scales']
    as_is = dict(flip=0, scale_factor=(1, 1), rotate_factor=0, shift_factor=0)
    config.write_text(
        CONFIG.format(
            base=str(config_path(base)),
            model=model,
            codec=codec,
            keypoints=keypoints,
            epochs=epochs,
            train=ae_train_pipeline(codec, use_segments=False, **as_is),
            test=test,
        )
    )
    result = subprocess.run(
        [sys.executable, mim_root() / 'tools/train.py', config, '--seed', '0']
        + ['--work-dir', tmp_path / 'work'],
        env=dict(os.environ, OMP_NUM_THREADS='1'),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    (path,) = (tmp_path / 'work').glob('*/vis_data/scalars.json')
    records = [json.loads(line) for line in path.read_text().splitlines()]
    losses = [record['loss'] for record in records if 'loss' in record]
    scores = [record['synthetic/AP'] for record in records if 'synthetic/AP' in record]
    assert losses[-1] < losses[0] / 5
    assert len(scores) == epochs and scores[0] < scores[-1]
    assert scores[-1] > least
    assert list((tmp_path / 'work').glob('best_synthetic_AP_*.pth'))
    assert len(list((tmp_path / 'work').glob('*/vis_data/vis_image/*.png'))) == epochs
