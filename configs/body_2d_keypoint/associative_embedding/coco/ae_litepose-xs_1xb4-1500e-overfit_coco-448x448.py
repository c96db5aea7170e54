_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/coco_bottomup_448x448.py',
    '../../../_base_/default_runtime.py',
]

# Over-fitting as a check of training: from scratch on a handful of images, on which the network is
# also evaluated. The config `…-130e-overfit-whole_…` continues from here.
model = dict(
    backbone=dict(arch='litepose-xs'),
    head=dict(
        arch='litepose-xs',
        num_keypoints=17,
        decoder=_base_.codec,
        output_std=0.001,
        heatmap_loss=dict(type='WeightAdaptiveHeatmapLoss'),
        tag_loss=dict(pull_weight=1e-2, push_weight=1e-2),
    ),
    test_cfg=dict(flip_test=False),
)

# Training starts with crops around keypoints: a CPU processes a dozen times as many crops of 128
# pixels as images of 448, and nine of ten show people.
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        data_root='data/few_coco/',
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
            dict(type='MultiLevelHeatmapMask', use_segments=True),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(data_root='data/few_coco/', ann_file='annotations.json', data_prefix=dict(img=''))
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file='data/few_coco/annotations.json')
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=True, max_epochs=1500, val_interval=150, dynamic_intervals=[(1200, 25)])
default_hooks = dict(checkpoint=dict(interval=25))
optim_wrapper = dict(optimizer=dict(type='Adam', lr=3e-3))
auto_scale_lr = dict(base_batch_size=4)
# The learning rate decreases once images are whole; the cosine would end 200 epochs later.
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        eta_min_ratio=0.01,
        begin=1200,
        end=1700,
        convert_to_iter_based=True,
    ),
]
custom_hooks = [
    # Whole images also show the background between people. Of an image of 4:3, a third of the
    # samples show one end and a third the other.
    dict(
        type='PipelineSwitchHook',
        switch_epoch=1200,
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
            dict(type='MultiLevelHeatmapMask', use_segments=True),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ],
    ),
    # With batches of four images, fluctuations of their statistics change AP by two points.
    dict(type='EMAHook', momentum=2e-3, update_buffers=True),
]
