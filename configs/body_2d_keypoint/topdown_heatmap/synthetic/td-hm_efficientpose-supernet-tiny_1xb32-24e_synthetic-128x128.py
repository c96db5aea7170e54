_base_ = [
    '../../../_base_/models/efficientpose_tiny_space.py',
    '../../../_base_/datasets/synthetic_topdown_128x128.py',
    '../../../_base_/default_runtime.py',
]

# The same space and data as in the search by gradient, for a search by evolution (docs/search.md).
model = dict(
    type='SupernetTopdownPoseEstimator',
    backbone=dict(
        type='ElasticEfficientPose', arch=_base_.search_space.largest, kernel_sizes=[7, 5, 3]
    ),
    head=dict(decoder=_base_.codec),
)
find_unused_parameters = True

train_cfg = dict(by_epoch=True, max_epochs=24, val_interval=8)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [dict(type='CosineAnnealingLR', eta_min_ratio=0, begin=0, end=24, by_epoch=True)]
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(checkpoint=dict(save_best='PCK'))
custom_hooks = [
    dict(type='SortChannelsHook'),
    dict(type='ArchitectureSamplingHook', space=_base_.search_space),
    dict(type='SubnetValidationHook', space=_base_.search_space, subnets=['smallest']),
]

finetune = dict(
    train_cfg=dict(max_epochs=20, val_interval=5),
    param_scheduler=[
        dict(type='MultiStepLR', begin=0, end=20, milestones=[15, 17], gamma=0.1, by_epoch=True)
    ],
)
