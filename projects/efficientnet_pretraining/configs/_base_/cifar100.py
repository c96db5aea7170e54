# CIFAR-100 in its binary version, enlarged to the size of the network. A config sets the pipelines.
normalize = dict(
    type='mmcv.Normalize', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
)
train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='CIFAR100', data_root='data/cifar100/', ann_file='train.bin'),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='CIFAR100', data_root='data/cifar100/', ann_file='test.bin'),
)
test_dataloader = val_dataloader
