# HigherHRNet-W32 for bottom-up estimation. A config sets the number of keypoints and the codec,
# and what differs in other networks.
model = dict(
    type='MultiScaleBottomupPoseEstimator',
    data_preprocessor=dict(
        type='MultiScaleDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    backbone=dict(
        type='ShrinkableHRNet',
        extra=dict(
            stage1=dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=(4,),
                num_channels=(64,),
            ),
            stage2=dict(
                num_modules=1,
                num_branches=2,
                block='BASIC',
                num_blocks=(4, 4),
                num_channels=(32, 64),
            ),
            stage3=dict(
                num_modules=4,
                num_branches=3,
                block='BASIC',
                num_blocks=(4, 4, 4),
                num_channels=(32, 64, 128),
            ),
            stage4=dict(
                num_modules=3,
                num_branches=4,
                block='BASIC',
                num_blocks=(4, 4, 4, 4),
                num_channels=(32, 64, 128, 256),
            ),
        ),
    ),
    head=dict(
        type='HigherHRNetHead',
        in_channels=32,
        deconv_channels=(32,),
        num_basic_blocks=4,
        tag_levels=(True, False),
        heatmap_loss=dict(type='KeypointMSELoss'),
        tag_loss=dict(type='BatchAssociativeEmbeddingLoss', pull_weight=1e-3, push_weight=1e-3),
    ),
    test_cfg=dict(flip_test=True, multiscale_test=False, shift_heatmap=False),
)
