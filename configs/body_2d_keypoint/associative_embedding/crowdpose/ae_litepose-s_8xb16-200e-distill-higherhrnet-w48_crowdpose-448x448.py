_base_ = './ae_litepose-s_8xb16-200e-finetune_crowdpose-448x448.py'

# LitePose-S also learns from the heatmaps of HigherHRNet-W48, whose weights can be a checkpoint of
# its authors.
model = dict(
    type='DistilledBottomupPoseEstimator',
    teacher='higherhrnet-w48_crowdpose',
    teacher_weights='checkpoints/higherhrnet-w48_crowdpose.pth',
    teacher_input_size=(640, 640),  # width, height
    heatmap_weight=1.0,
)
