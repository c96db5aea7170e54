_base_ = './ae_litepose-xs_1xb32-22e-distill-litepose-m_lspet-256x256.py'

# LitePose-M as a supernet whose sub-networks, down to the widths of XS, learn from M itself.
load_from = 'checkpoints/litepose-m_crowdpose.pth'
search_space = dict(largest='litepose-m', img_sizes=[256], ratios=[1, 0.75, 2 / 3, 0.5, 0.25])

model = dict(
    type='DistilledSupernetBottomupPoseEstimator',
    backbone=dict(type='ElasticLitePose', arch='litepose-m', kernel_sizes=[]),
    head=dict(type='ElasticFusionDeconvHead', arch='litepose-m'),
)
find_unused_parameters = True  # sub-networks with smaller depths do not use all blocks

# The search uses the last training images; reports use images that are in neither set.
train_dataloader = dict(batch_size=8, dataset=dict(indices=8900))
search_dataloader = dict(
    batch_size=1,
    num_workers=2,
    dataset=dict(
        type='CheckedCrowdPoseDataset',
        data_root='data/lspet/',
        data_mode='bottomup',
        ann_file='annotations.json',
        data_prefix=dict(img='images/'),
        indices=list(range(8900, 9000)),
        test_mode=True,
        pipeline=_base_.val_dataloader.dataset.pipeline,
    ),
)
# Five networks are validated after an epoch, so a fifth of the images is sufficient.
val_dataloader = dict(dataset=dict(indices=list(range(9000, 9200))))

train_cfg = dict(max_epochs=1, val_interval=1)
auto_scale_lr = dict(base_batch_size=8)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=1, convert_to_iter_based=True),
]
custom_hooks = [
    dict(type='SortChannelsHook'),
    dict(type='ArchitectureSamplingHook', space=search_space, samples=1),
    dict(type='SubnetValidationHook', space=search_space, subnets=[0.5, 'litepose-xs', 'smallest']),
]
# Schedule of a network that was extracted from the supernet.
finetune = dict(
    train_cfg=dict(max_epochs=1, val_interval=1),
    param_scheduler=param_scheduler,
)
