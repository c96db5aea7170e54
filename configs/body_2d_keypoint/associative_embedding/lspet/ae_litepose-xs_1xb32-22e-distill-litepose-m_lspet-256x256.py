_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/lspet_bottomup.py',
    '../../../_base_/default_runtime.py',
]

# LitePose-XS learns from the maps of LitePose-M on mosaics of photographs. Labels are not used, since
# most people have none. Training starts from the narrowed teacher (projects/narrowing).
load_from = 'checkpoints/litepose-xs_narrowed.pth'

codec = dict(
    type='MultiLevelAssociativeEmbedding',
    input_size=(256, 256),  # width, height
    heatmap_sizes=[(64, 64), (128, 128)],
    sigma=2,
)
model = dict(
    type='DistilledBottomupPoseEstimator',
    data_preprocessor=dict(
        batch_augments=[
            dict(type='RandomMosaic', output_size=(256, 256), tiles=3, scale_factor=(1 / 3, 1))
        ]
    ),
    backbone=dict(arch='litepose-xs'),
    head=dict(arch='litepose-xs', num_keypoints=14, decoder=codec),
    teacher=dict(
        type='MultiScaleBottomupPoseEstimator',
        backbone=dict(type='LitePose', arch='litepose-m'),
        head=dict(type='FusionDeconvHead', arch='litepose-m', num_keypoints=14),
    ),
    teacher_weights='checkpoints/litepose-m_crowdpose.pth',
    # Images are enlarged, because the teacher misses small people at 256.
    teacher_input_size=(352, 352),
    tag_weight=1e-3,
    with_labels=False,
    test_cfg=dict(flip_test=False),
)

# Each image of a mosaic is zoomed, rotated and mirrored separately. Three images side by side are at
# most twice as wide as a sample, because stronger shrinking would skip pixels.
train_dataloader = dict(
    batch_size=32,
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(160, 160),
                scale_factor=(0.8, 1.2),
                rotate_factor=30,
                shift_factor=0.2,
                keep_inside=True,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ]
    ),
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='BottomupResizeAlign', input_size=(256, 256)),
            dict(type='PackMultiScaleInputs'),
        ]
    )
)
test_dataloader = val_dataloader

train_cfg = dict(by_epoch=True, max_epochs=22, val_interval=22)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3, eps=1e-14))
auto_scale_lr = dict(base_batch_size=32)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=22, convert_to_iter_based=True),
]
custom_hooks = [dict(type='EMAHook', momentum=2e-3, update_buffers=True)]
