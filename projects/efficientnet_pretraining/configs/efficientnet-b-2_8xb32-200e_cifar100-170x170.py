_base_ = './_base_/schedule.py'

# CIFAR-100 in its binary version, enlarged to the size of the network.
model = dict(type='EfficientNetClassifier', phi=-2, num_classes=100)
normalize = dict(
    type='mmcv.Normalize', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
)
train_pipeline = [
    dict(type='LoadClassImage'),
    dict(type='RandomAffineCrop', size=170, area=(0.6, 1.0)),
    dict(type='mmcv.RandomFlip', prob=0.5),
    dict(type='mmpose.PhotometricDistortion'),
    normalize,
    dict(type='PackClassInputs'),
]
test_pipeline = [
    dict(type='LoadClassImage'),
    dict(type='mmcv.Resize', scale=(170, 170)),
    normalize,
    dict(type='PackClassInputs'),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='CIFAR100', data_root='data/cifar100/', ann_file='train.bin', pipeline=train_pipeline
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        type='CIFAR100', data_root='data/cifar100/', ann_file='test.bin', pipeline=test_pipeline
    ),
)
test_dataloader = val_dataloader
