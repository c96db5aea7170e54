_base_ = [
    '../../../_base_/models/ae_litepose_supernet.py',
    '../../../_base_/datasets/synthetic_bottomup.py',
    '../../../_base_/default_runtime.py',
]

# A search for two CPU cores: the ratios of the paper's XS space, at small resolutions, for LitePose-S,
# whose weights are in the package. Images show one or two large people, so that an hour of training
# is enough to distinguish networks (docs/search.md).
load_from = 'litepose-s_crowdpose'
search_space = dict(largest='litepose-s', img_sizes=[192, 160, 128], ratios=[1, 0.75, 0.5, 0.25])

codec = dict(
    type='MultiLevelAssociativeEmbedding',
    input_size=(192, 192),  # width, height
    heatmap_sizes=[(48, 48), (96, 96)],
    sigma=2,
)
model = dict(
    backbone=dict(arch='litepose-s', kernel_sizes=[]),
    head=dict(
        arch='litepose-s',
        num_keypoints=14,
        decoder=codec,
        output_std=0.001,
        tag_loss=dict(pull_weight=1e-2, push_weight=1e-2),
    ),
    test_cfg=dict(flip_test=False),
)

train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        num_images=5000,
        cache='memory',
        people=(1, 2),
        scene=dict(stature=(0.6, 0.95), crowding=0, occluders=(0, 0)),
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(192, 192),
                scale_factor=(0.75, 1),
                rotate_factor=10,
                shift_factor=0.2,
                keep_inside=True,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='GenerateTarget', encoder=codec),
            dict(type='MultiLevelHeatmapMask', use_segments=False),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(
        num_images=200,
        people=(1, 2),
        scene=dict(stature=(0.6, 0.95), crowding=0, occluders=(0, 0)),
        pipeline=[
            dict(type='LoadImage'),
            dict(type='BottomupResizeAlign', input_size=(192, 192)),
            dict(type='PackMultiScaleInputs'),
        ],
    )
)
test_dataloader = val_dataloader
# The search uses other scenes than the reports.
search_dataloader = dict(
    batch_size=1,
    dataset=dict(
        type='SyntheticPeopleDataset',
        seed=2,
        metainfo=dict(from_file='configs/_base_/datasets/crowdpose.py'),
        data_mode='bottomup',
        test_mode=True,
        **val_dataloader['dataset'],
    ),
)

train_cfg = dict(by_epoch=True, max_epochs=6, val_interval=2)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=2e-3))
auto_scale_lr = dict(base_batch_size=8)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=6, convert_to_iter_based=True),
]
custom_hooks = [
    dict(type='SortChannelsHook'),
    dict(type='ArchitectureSamplingHook', space=search_space, samples=1),
    dict(type='SubnetValidationHook', space=search_space, subnets=[0.5, 'smallest']),
]
# Extracted networks are trained for 5 more epochs. Networks without a supernet get 8, so that two of
# these see as many images as a supernet and two of its networks together.
finetune = dict(
    train_cfg=dict(max_epochs=5, val_interval=1),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
        dict(
            type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=5, convert_to_iter_based=True
        ),
    ],
)
alone = dict(
    train_cfg=dict(max_epochs=8, val_interval=2),
    param_scheduler=[
        dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
        dict(
            type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=8, convert_to_iter_based=True
        ),
    ],
)
