_base_ = [
    '../../../_base_/models/ae_higherhrnet.py',
    '../../../_base_/datasets/synthetic_bottomup.py',
    '../../../_base_/default_runtime.py',
]

# Half as wide as LitePose's baseline of gradual shrinking (W16), at a quarter of its input size, to
# train on one CPU core in minutes: projects/gradual_shrinking.
codec = dict(
    type='MultiLevelAssociativeEmbedding',
    input_size=(128, 128),  # width, height
    heatmap_sizes=[(32, 32), (64, 64)],
    sigma=1.5,
)
model = dict(
    backbone=dict(
        extra=dict(
            stage1=dict(num_channels=(16,)),
            stage2=dict(num_channels=(8, 16)),
            stage3=dict(num_channels=(8, 16, 32)),
            stage4=dict(num_channels=(8, 16, 32, 64)),
        ),
        init_cfg=[],
    ),
    head=dict(
        in_channels=8,
        num_keypoints=14,
        deconv_channels=(16,),
        num_basic_blocks=0,
        decoder=codec,
        heatmap_loss=dict(type='WeightAdaptiveHeatmapLoss'),
        tag_loss=dict(pull_weight=1e-2, push_weight=1e-2),
    ),
    test_cfg=dict(flip_test=False),
)

train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
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
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='GenerateTarget', encoder=codec),
            dict(type='MultiLevelHeatmapMask', use_segments=False),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ],
        image_size=(128, 128),
        people=(1, 2),
        scene=dict(stature=(0.4, 1.0)),
    ),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='BottomupResizeAlign', input_size=(128, 128)),
            dict(type='PackMultiScaleInputs'),
        ],
        image_size=(128, 128),
        people=(1, 2),
        scene=dict(stature=(0.4, 1.0)),
    ),
)
test_dataloader = val_dataloader

train_cfg = dict(by_epoch=True, max_epochs=4, val_interval=4)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=4e-3, eps=1e-14))
auto_scale_lr = dict(base_batch_size=8)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=4, convert_to_iter_based=True),
]
custom_hooks = [dict(type='EMAHook', momentum=2e-3, update_buffers=True)]
