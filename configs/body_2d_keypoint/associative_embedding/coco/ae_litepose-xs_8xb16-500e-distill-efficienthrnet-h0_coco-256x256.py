_base_ = './ae_litepose-xs_8xb16-500e_coco-256x256.py'

# LitePose-XS also learns from the heatmaps of EfficientHRNet-H0, whose weights can be a checkpoint
# of its authors.
model = dict(
    type='DistilledBottomupPoseEstimator',
    teacher='efficienthrnet-h0_coco',
    teacher_weights='checkpoints/efficienthrnet-h0_coco.pth',
    teacher_input_size=(512, 512),  # width, height
    heatmap_weight=1.0,
)
