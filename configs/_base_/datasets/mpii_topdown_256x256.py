# MPII Human Pose (Andriluka et al., CVPR 2014) with one person per sample, in inputs of 256x256.
# Augmentation is that of SimpleBaseline on this data set (Xiao et al., ECCV 2018).
dataset_type = 'MpiiDataset'
data_mode = 'topdown'
data_root = 'data/mpii/'

codec = dict(type='MSRAHeatmap', input_size=(256, 256), heatmap_size=(64, 64), sigma=2)

train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_mode=data_mode,
        ann_file='annotations/mpii_train.json',
        data_prefix=dict(img='images/'),
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(
                type='RandomBBoxTransform',
                shift_prob=0,
                shift_factor=0,
                scale_factor=(0.75, 1.25),
                rotate_factor=60,
                rotate_prob=0.6,
            ),
            dict(type='TopdownAffine', input_size=codec['input_size']),
            dict(type='GenerateTarget', encoder=codec),
            dict(type='PackPoseInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_mode=data_mode,
        ann_file='annotations/mpii_val.json',
        headbox_file=data_root + 'annotations/mpii_gt_val.mat',
        data_prefix=dict(img='images/'),
        test_mode=True,
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=codec['input_size']),
            dict(type='PackPoseInputs'),
        ],
    ),
)
test_dataloader = val_dataloader

# PCKh@0.5 is the metric PCK.
val_evaluator = dict(type='MpiiPCKAccuracy')
test_evaluator = val_evaluator
