_base_ = './ae_litepose-s_8xb16-500e_crowdpose-448x448.py'

# LitePose's head on ResNet-50.
model = dict(
    backbone=dict(_delete_=True, type='ResNet', depth=50, out_indices=(0, 1, 2, 3)),
    head=dict(
        arch=None,
        in_channels=(256, 512, 1024, 2048),
        in_strides=(4, 8, 16, 32),
        deconv_channels=(64, 64, 40, 32),
    ),
)
