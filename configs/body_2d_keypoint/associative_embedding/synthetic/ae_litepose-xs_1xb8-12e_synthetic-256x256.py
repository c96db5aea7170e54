_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/synthetic_bottomup.py',
    '../../../_base_/schedules/ae.py',
]
from litepose_mm.recipes import (
    ae_codec,
    ae_test_pipeline,
    ae_train_pipeline,
    training_hooks,
    warmup_cosine,
)

# Synthetic people from scratch on a small machine: no download, hours on two CPU cores. What differs
# from the paper's recipe is for the sake of few iterations (docs/training.md).
arch = 'litepose-xs'
codec = ae_codec(input_size=(256, 256))
epochs = 12

model = dict(
    backbone=dict(arch=arch),
    head=dict(
        arch=arch,
        num_keypoints=14,
        decoder=codec,
        output_std=0.001,
        tag_loss=dict(pull_weight=1e-2, push_weight=1e-2),
    ),
    test_cfg=dict(flip_test=False),
)

# Scenes are varied enough: pictures as they are, or mirrored.
pipeline = ae_train_pipeline(
    codec, use_segments=False, scale_factor=(1, 1), rotate_factor=0, shift_factor=0
)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=pipeline))
val_dataloader = dict(dataset=dict(pipeline=ae_test_pipeline(codec)))
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=epochs, val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=4e-3))
param_scheduler = warmup_cosine(epochs)
custom_hooks = training_hooks(dict(type='EMAHook', momentum=2e-3, update_buffers=True))
