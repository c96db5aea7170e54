_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/synthetic_bottomup_256x256.py',
    '../../../_base_/default_runtime.py',
]

# Training on synthetic people from scratch takes an hour on two CPU cores and needs no download. It
# differs from the paper to need fewer iterations (docs/training.md).
model = dict(
    backbone=dict(arch='litepose-xs'),
    head=dict(
        arch='litepose-xs',
        num_keypoints=14,
        decoder=_base_.codec,
        output_std=0.001,
        heatmap_loss=dict(type='WeightAdaptiveHeatmapLoss'),
        tag_loss=dict(pull_weight=1e-2, push_weight=1e-2),
    ),
    test_cfg=dict(flip_test=False),
)

# Training starts with crops around keypoints, of which a CPU processes three times as many, and ends
# with whole images.
train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        num_images=5000,
        cache='memory',
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(128, 128),
                scale_factor=(0.4, 0.65),
                rotate_factor=10,
                shift_factor=0.4,
                keypoint_prob=0.9,
                keep_inside=True,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(
                type='GenerateTarget',
                encoder=dict(
                    type='MultiLevelAssociativeEmbedding',
                    input_size=(128, 128),
                    heatmap_sizes=[(32, 32), (64, 64)],
                    sigma=2,
                ),
            ),
            dict(type='MultiLevelHeatmapMask', use_segments=False),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ],
    ),
)

train_cfg = dict(by_epoch=True, max_epochs=13, val_interval=3)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=4e-3, eps=1e-14))
auto_scale_lr = dict(base_batch_size=8)
# The learning rate decreases once images are whole.
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(
        type='CosineAnnealingLR', eta_min_ratio=0.01, begin=10, end=13, convert_to_iter_based=True
    ),
]
custom_hooks = [
    dict(
        type='PipelineSwitchHook',
        switch_epoch=10,
        switch_pipeline=_base_.train_dataloader.dataset.pipeline,
    ),
    dict(type='EMAHook', momentum=2e-3, update_buffers=True),
]
