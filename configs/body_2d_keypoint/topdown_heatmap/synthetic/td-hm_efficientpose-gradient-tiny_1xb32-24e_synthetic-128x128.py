_base_ = [
    '../../../_base_/models/efficientpose_tiny_space.py',
    '../../../_base_/datasets/synthetic_topdown_128x128.py',
    '../../../_base_/default_runtime.py',
]

# A search by gradient on synthetic people, for two CPU cores (docs/search.md). The epochs have the
# paper's ratio of 60 on the weights alone to 150 in turns. The paper gives no weight of the cost.
model = dict(
    type='DifferentiableTopdownPoseEstimator',
    cost=dict(name='macs', weight=1e-3, base=10, limit=40e6),
    backbone=dict(type='MixedEfficientPose', space=_base_.search_space),
    head=dict(decoder=_base_.codec),
)
find_unused_parameters = True  # those of operations that a step does not sample

train_dataloader = dict(
    batch_sampler=dict(type='AlternatingBatchSampler', weight_share=0.8, warmup_epochs=7)
)
train_cfg = dict(by_epoch=True, max_epochs=24, val_interval=8)
optim_wrapper = dict(
    constructor='AlternatingOptimWrapperConstructor',
    weights=dict(optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4)),
    architecture=dict(optimizer=dict(type='Adam', lr=3e-3)),
)
param_scheduler = dict(
    weights=[dict(type='CosineAnnealingLR', eta_min_ratio=0, begin=0, end=24, by_epoch=True)],
    architecture=[],
)
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(checkpoint=dict(save_best='PCK'))
custom_hooks = [dict(type='DifferentiableSearchHook', temperature=(1.0, 0.5))]

# The schedule of the networks that are derived: the paper's, of fewer epochs.
finetune = dict(
    train_dataloader=dict(batch_sampler=None),
    train_cfg=dict(max_epochs=20, val_interval=5),
    optim_wrapper=dict(_delete_=True, optimizer=dict(type='Adam', lr=1e-3)),
    param_scheduler=[
        dict(type='MultiStepLR', begin=0, end=20, milestones=[15, 17], gamma=0.1, by_epoch=True)
    ],
)
