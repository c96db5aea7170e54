_base_ = [
    '../../../_base_/models/topdown_litepose.py',
    '../../../_base_/datasets/coco_topdown.py',
    '../../../_base_/schedules/topdown.py',
]

# LitePose's backbone with MMPose's top-down heatmap head and the settings of MMPose's MobileNetV2.
codec = dict(type='MSRAHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2)

model = dict(
    head=dict(
        type='HeatmapHead',
        in_channels=120,
        out_channels=17,
        # The deepest feature has stride 16: two transposed convolutions reach stride 4.
        deconv_out_channels=(256, 256),
        deconv_kernel_sizes=(4, 4),
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder=codec,
    ),
    test_cfg=dict(flip_mode='heatmap', shift_heatmap=True),
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
