# EfficientPose for top-down estimation. A config sets the architecture, the channels that the head
# reads, the keypoints and the codec.
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(type='EfficientPose'),
    head=dict(
        type='EfficientPoseHead',
        deconv_out_channels=(64, 32),
        deconv_style='plain',
        sic=True,
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
    ),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=True),
)
