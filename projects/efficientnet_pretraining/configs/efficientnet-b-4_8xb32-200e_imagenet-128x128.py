_base_ = './_base_/schedule.py'

# ImageNet, with a folder for each class in train/ and val/.
model = dict(type='EfficientNetClassifier', phi=-4, num_classes=1000)
normalize = dict(
    type='mmcv.Normalize', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375], to_rgb=True
)
train_pipeline = [
    dict(type='LoadClassImage'),
    dict(type='RandomAffineCrop', size=128, area=(0.25, 1.0)),
    dict(type='mmcv.RandomFlip', prob=0.5),
    dict(type='mmpose.PhotometricDistortion'),
    normalize,
    dict(type='PackClassInputs'),
]
test_pipeline = [
    dict(type='LoadClassImage'),
    dict(type='mmcv.Resize', scale=(146, 146)),
    dict(type='mmcv.CenterCrop', crop_size=(128, 128)),
    normalize,
    dict(type='PackClassInputs'),
]
train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='ImageFolders', data_root='data/imagenet/train/', pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    collate_fn=dict(type='default_collate'),
    dataset=dict(type='ImageFolders', data_root='data/imagenet/val/', pipeline=test_pipeline),
)
test_dataloader = val_dataloader
