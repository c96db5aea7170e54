_base_ = [
    '../../../_base_/models/topdown_litepose.py',
    '../../../_base_/datasets/coco_topdown.py',
    '../../../_base_/schedules/topdown.py',
]

# LitePose's backbone with MMPose's SimCC head and the settings of MMPose's MobileNetV2.
codec = dict(type='SimCCLabel', input_size=(192, 256), sigma=6.0, simcc_split_ratio=2.0)

model = dict(
    head=dict(
        type='SimCCHead',
        in_channels=120,
        out_channels=17,
        input_size=codec['input_size'],
        in_featuremap_size=(12, 16),  # 192x256 pixels at stride 16
        simcc_split_ratio=codec['simcc_split_ratio'],
        deconv_out_channels=None,
        loss=dict(type='KLDiscretLoss', use_target_weight=True),
        decoder=codec,
    )
)

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale', padding=1.25),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='RandomHalfBody', prob=0.3),
            dict(
                type='RandomBBoxTransform',
                shift_factor=0.16,
                shift_prob=0.3,
                scale_factor=(0.5, 1.5),
                scale_prob=1.0,
                rotate_factor=80.0,
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
            dict(type='GetBBoxCenterScale', padding=1.25),
            dict(type='TopdownAffine', input_size=codec['input_size']),
            dict(type='PackPoseInputs'),
        ]
    )
)
test_dataloader = val_dataloader
