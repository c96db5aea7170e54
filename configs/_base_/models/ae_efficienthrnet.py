# EfficientHRNet for bottom-up estimation. A config sets the compound coefficient, the width of the
# finest branch, the number of keypoints and the codec.
model = dict(
    type='MultiScaleBottomupPoseEstimator',
    data_preprocessor=dict(
        type='MultiScaleDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(type='EfficientHRNet', drop_path=0.2),
    head=dict(
        type='HigherHRNetHead',
        num_basic_blocks=2,
        tag_levels=(True, False),
        heatmap_loss=dict(type='KeypointMSELoss'),
        tag_loss=dict(type='BatchAssociativeEmbeddingLoss', pull_weight=1e-3, push_weight=1e-3),
    ),
    test_cfg=dict(flip_test=True, multiscale_test=False, shift_heatmap=False),
)
