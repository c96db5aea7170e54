_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/synthetic_bottomup.py',
    '../../../_base_/schedules/ae.py',
]
from litepose_mm.recipes import (
    ae_codec,
    ae_test_pipeline,
    ae_train_pipeline,
    quick_head,
    training_hooks,
    warmup_cosine,
)

# Synthetic people from scratch on a small machine: no download, an hour on two CPU cores. What differs
# from the paper's recipe is for the sake of few iterations (docs/training.md).
arch = 'litepose-xs'
codec = ae_codec(input_size=(256, 256))
epochs, last_epochs = 13, 3

model = dict(
    backbone=dict(arch=arch),
    head=dict(
        arch=arch,
        num_keypoints=14,
        decoder=codec,
        heatmap_loss=dict(type='WeightAdaptiveHeatmapLoss'),
        **quick_head(),
    ),
    test_cfg=dict(flip_test=False),
)

# Crops around keypoints to begin with, of which a processor does three times as many; whole
# pictures in the end. Masks hide nobody, as the authors have it for CrowdPose.
crops = ae_train_pipeline(
    ae_codec(input_size=(128, 128)),
    use_segments=False,
    scale_factor=(0.4, 0.65),
    rotate_factor=10,
    shift_factor=0.4,
    keypoint_prob=0.9,
    keep_inside=True,
)
pictures = ae_train_pipeline(
    codec, use_segments=False, scale_factor=(1, 1), rotate_factor=0, shift_factor=0
)
train_dataloader = dict(batch_size=8, dataset=dict(num_images=5000, cache='memory', pipeline=crops))
val_dataloader = dict(dataset=dict(pipeline=ae_test_pipeline(codec)))
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=epochs, val_interval=3)
optim_wrapper = dict(optimizer=dict(lr=4e-3, eps=1e-14))
auto_scale_lr = dict(base_batch_size=8)
param_scheduler = warmup_cosine(epochs, decay_from=epochs - last_epochs)
custom_hooks = training_hooks(
    dict(type='PipelineSwitchHook', switch_epoch=epochs - last_epochs, switch_pipeline=pictures),
    dict(type='EMAHook', momentum=2e-3, update_buffers=True),
)
