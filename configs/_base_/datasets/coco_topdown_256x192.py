# COCO with one person per sample, in inputs of 192x256. Augmentation is that of HRNet on this data
# set (Sun et al., CVPR 2019).
_base_ = './coco_topdown.py'

codec = dict(type='MSRAHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2)

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='RandomHalfBody', prob=0.3),
            dict(
                type='RandomBBoxTransform',
                shift_prob=0,
                shift_factor=0,
                scale_factor=(0.65, 1.35),
                rotate_factor=90,
                rotate_prob=0.6,
            ),
            dict(type='TopdownAffine', input_size=codec['input_size']),
            dict(type='GenerateTarget', encoder=codec),
            dict(type='PackPoseInputs'),
        ]
    )
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=codec['input_size']),
            dict(type='PackPoseInputs'),
        ]
    )
)
test_dataloader = val_dataloader
