_base_ = ['./_base_/cifar100.py', './_base_/schedule.py']

model = dict(type='EfficientNetClassifier', phi=-3, num_classes=100)
train_pipeline = [
    dict(type='LoadClassImage'),
    dict(type='RandomAffineCrop', size=145, area=(0.6, 1.0)),
    dict(type='mmcv.RandomFlip', prob=0.5),
    dict(type='mmpose.PhotometricDistortion'),
    _base_.normalize,
    dict(type='PackClassInputs'),
]
test_pipeline = [
    dict(type='LoadClassImage'),
    dict(type='mmcv.Resize', scale=(145, 145)),
    _base_.normalize,
    dict(type='PackClassInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
