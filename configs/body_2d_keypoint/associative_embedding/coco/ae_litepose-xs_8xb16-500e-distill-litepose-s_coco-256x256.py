_base_ = './ae_litepose-xs_8xb16-500e_coco-256x256.py'

# LitePose-XS also learns from LitePose-S's heatmaps (LitePose section 5.3). The teacher's weights can
# be a checkpoint of the authors' code; load_from, from which the student starts, cannot.
load_from = 'checkpoints/litepose-xs_coco.pth'
model = dict(
    type='DistilledBottomupPoseEstimator',
    teacher=dict(
        type='MultiScaleBottomupPoseEstimator',
        backbone=dict(type='LitePose', arch='litepose-s'),
        head=dict(type='FusionDeconvHead', arch='litepose-s', num_keypoints=17),
    ),
    teacher_weights='checkpoints/litepose-s_coco.pth',
    teacher_input_size=(448, 448),  # width, height
    heatmap_weight=1.0,
)
