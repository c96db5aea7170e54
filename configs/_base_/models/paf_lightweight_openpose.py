# Lightweight OpenPose. A config sets the codec, which has the parts and limbs.
model = dict(
    type='MultiScaleBottomupPoseEstimator',
    data_preprocessor=dict(
        type='MultiScaleDataPreprocessor',
        mean=[128, 128, 128],
        std=[256, 256, 256],
        bgr_to_rgb=False,
    ),
    backbone=dict(type='DilatedMobileNet'),
    head=dict(
        type='LightweightOpenPoseHead',
        num_refinement_stages=1,
        heatmap_loss=dict(type='BatchL2Loss'),
        field_loss=dict(type='BatchL2Loss'),
    ),
    # The authors publish results without a flip test.
    test_cfg=dict(flip_test=False),
)
