_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/synthetic_bottomup.py',
    '../../../_base_/schedules/ae.py',
]
from litepose_mm.recipes import ae_codec, ae_test_pipeline, ae_train_pipeline

# Synthetic people from scratch on a small machine: no download, hours on two CPU cores.
arch = 'litepose-xs'
codec = ae_codec(input_size=(256, 256))

model = dict(
    backbone=dict(arch=arch),
    head=dict(arch=arch, num_keypoints=14, decoder=codec),
    test_cfg=dict(flip_test=False),
)

train_dataloader = dict(dataset=dict(pipeline=ae_train_pipeline(codec, use_segments=False)))
val_dataloader = dict(dataset=dict(pipeline=ae_test_pipeline(codec)))
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=20, val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min=2e-5,
        T_max=20,
        begin=0,
        end=20,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
