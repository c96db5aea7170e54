_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/crowdpose_bottomup_256x256.py',
    '../../../_base_/schedules/ae_200e.py',
]

# LitePose-XS also learns from LitePose-S's heatmaps (LitePose section 5.3). The teacher's weights can
# be a checkpoint of the authors' code; load_from, from which the student starts, cannot.
load_from = 'checkpoints/litepose-xs_crowdpose.pth'
model = dict(
    type='DistilledBottomupPoseEstimator',
    backbone=dict(arch='litepose-xs'),
    head=dict(arch='litepose-xs', num_keypoints=14, decoder=_base_.codec),
    teacher=dict(
        type='MultiScaleBottomupPoseEstimator',
        backbone=dict(type='LitePose', arch='litepose-s'),
        head=dict(type='FusionDeconvHead', arch='litepose-s', num_keypoints=14),
    ),
    teacher_weights='checkpoints/litepose-s_crowdpose.pth',
    teacher_input_size=(448, 448),  # width, height
    heatmap_weight=1.0,
)
