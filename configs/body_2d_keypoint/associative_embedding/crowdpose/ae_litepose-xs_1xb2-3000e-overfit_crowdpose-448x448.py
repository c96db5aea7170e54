_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/crowdpose_bottomup_448x448.py',
    '../../../_base_/default_runtime.py',
]

# Over-fitting as a check of training: from scratch on two images, which are also used for
# evaluation.
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

# Training starts with crops around keypoints.
train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        data_root='data/few_crowdpose/',
        ann_file='annotations.json',
        data_prefix=dict(img=''),
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(128, 128),
                scale_factor=(128 / 448, 128 / 448),
                rotate_factor=0,
                shift_factor=0.4,
                keypoint_prob=0.9,
                keep_inside=True,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.0),
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
val_dataloader = dict(
    dataset=dict(
        data_root='data/few_crowdpose/', ann_file='annotations.json', data_prefix=dict(img='')
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file='data/few_crowdpose/annotations.json')
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=True, max_epochs=3000, val_interval=100)
default_hooks = dict(checkpoint=dict(interval=100))
optim_wrapper = dict(optimizer=dict(type='Adam', lr=3e-3))
auto_scale_lr = dict(base_batch_size=2)
# The learning rate decreases once images are whole.
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.01,
        begin=2500,
        end=3000,
        convert_to_iter_based=True,
    ),
]
custom_hooks = [
    # Whole images also show the background between people.
    dict(
        type='PipelineSwitchHook',
        switch_epoch=2500,
        switch_pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(448, 448),
                scale_factor=(1, 1),
                rotate_factor=0,
                shift_factor=0.5,
                keep_inside=True,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.0),
            dict(type='GenerateTarget', encoder=_base_.codec),
            dict(type='MultiLevelHeatmapMask', use_segments=False),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ],
    ),
]
