_base_ = './ae_litepose-s_8xb16-500e_crowdpose-448x448.py'

# LitePose's head on all branches of an HRNet of width 18.
model = dict(
    backbone=dict(
        _delete_=True,
        type='HRNet',
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
                num_channels=(18, 36),
            ),
            stage3=dict(
                num_modules=4,
                num_branches=3,
                block='BASIC',
                num_blocks=(4, 4, 4),
                num_channels=(18, 36, 72),
            ),
            stage4=dict(
                num_modules=3,
                num_branches=4,
                block='BASIC',
                num_blocks=(4, 4, 4, 4),
                num_channels=(18, 36, 72, 144),
                multiscale_output=True,
            ),
        ),
    ),
    head=dict(
        arch=None,
        in_channels=(18, 36, 72, 144),
        in_strides=(4, 8, 16, 32),
        deconv_channels=(64, 64, 40, 32),
    ),
)
