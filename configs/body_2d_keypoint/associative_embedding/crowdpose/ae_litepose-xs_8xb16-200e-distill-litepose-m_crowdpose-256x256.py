_base_ = './ae_litepose-xs_8xb16-200e-finetune_crowdpose-256x256.py'

# LitePose-XS learns from LitePose-M's heatmaps too. The authors' checkpoints
# can be given as they are.
model = dict(
    type='DistilledBottomupPoseEstimator',
    teacher=dict(
        type='MultiScaleBottomupPoseEstimator',
        backbone=dict(type='LitePose', arch='litepose-m'),
        head=dict(type='FusionDeconvHead', arch='litepose-m', num_keypoints=14),
    ),
    teacher_weights='checkpoints/litepose-m_crowdpose.pth',
    teacher_input_size=(448, 448),
    heatmap_weight=1.0,
)
