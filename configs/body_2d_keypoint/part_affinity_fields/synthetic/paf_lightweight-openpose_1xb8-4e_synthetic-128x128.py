_base_ = [
    '../../../_base_/models/paf_lightweight_openpose.py',
    '../../../_base_/datasets/synthetic_bottomup.py',
    '../../../_base_/default_runtime.py',
]

# Lightweight OpenPose at a third of its input size and from random weights, to try its training on a
# CPU.
codec = dict(
    type='PartAffinityFields',
    input_size=(128, 128),  # width, height
    heatmap_size=(16, 16),
    body='crowdpose',
    sigma=7,
    thickness=1,
    decode_offset=1,
)
model = dict(head=dict(decoder=codec))

train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        image_size=(128, 128),
        people=(1, 2),
        scene=dict(stature=(0.4, 1.0)),
        num_images=3200,
        cache='memory',
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(128, 128),
                scale_factor=(0.75, 1.25),
                rotate_factor=15,
                shift_factor=0,
                border=128,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='GenerateTarget', encoder=codec),
            dict(type='MultiLevelHeatmapMask', use_segments=False, mask_border=False),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ],
    ),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        image_size=(128, 128),
        people=(1, 2),
        scene=dict(stature=(0.4, 1.0)),
        pipeline=[
            dict(type='LoadImage'),
            dict(type='BottomupResizeHeight', input_size=(128, 128)),
            dict(type='PackMultiScaleInputs'),
        ],
    ),
)
test_dataloader = val_dataloader

train_cfg = dict(by_epoch=True, max_epochs=4, val_interval=4)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
auto_scale_lr = dict(base_batch_size=8)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=4, convert_to_iter_based=True),
]
