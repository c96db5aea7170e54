_base_ = './ae_litepose-xs_8xb16-500e_coco-256x256.py'

# LitePose-XS also learns from the heatmaps of EfficientHRNet-H0, whose weights can be the
# checkpoint that its authors released, which has tags at both levels.
model = dict(
    type='DistilledBottomupPoseEstimator',
    teacher='efficienthrnet-h0-tags2_coco',
    teacher_weights='checkpoints/efficienthrnet-h0-tags2_coco.pth',
    teacher_input_size=(512, 512),  # width, height
    heatmap_weight=1.0,
)
