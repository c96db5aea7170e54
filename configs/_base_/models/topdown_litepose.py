# LitePose for top-down estimation. A config sets the head, whose input has stride 16.
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(
        type='PoseDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(type='LitePose', arch='litepose-s', out_indices=(4,)),
    test_cfg=dict(flip_test=True),
)
