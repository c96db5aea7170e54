_base_ = './ae_litepose-s_8xb16-500e_crowdpose-448x448.py'

# LitePose's head on MMPose's MobileNetV2.
model = dict(
    backbone=dict(_delete_=True, type='MobileNetV2', out_indices=(0, 1, 2, 4, 7)),
    head=dict(
        arch=None,
        in_channels=(16, 24, 32, 96, 1280),
        in_strides=(2, 4, 8, 16, 32),
        deconv_channels=(64, 64, 40, 32),
    ),
)
