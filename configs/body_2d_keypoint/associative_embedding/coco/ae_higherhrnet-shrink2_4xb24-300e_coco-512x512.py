_base_ = './ae_higherhrnet-w16_4xb24-300e_coco-512x512.py'

# Gradual shrinking (LitePose section 3): the second step. The network is wider by an eighth, for
# similar multiply-accumulates.
model = dict(
    backbone=dict(
        extra=dict(
            stage1=dict(num_channels=(36,)),
            stage2=dict(num_blocks=(1, 4), num_channels=(18, 36)),
            stage3=dict(num_blocks=(1, 1, 4), num_channels=(18, 36, 72)),
            stage4=dict(num_blocks=(1, 1, 1, 4), num_channels=(18, 36, 72, 144)),
        )
    ),
    head=dict(in_channels=18),
)
