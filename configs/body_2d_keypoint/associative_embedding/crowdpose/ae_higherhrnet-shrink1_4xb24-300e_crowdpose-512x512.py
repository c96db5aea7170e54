_base_ = './ae_higherhrnet-w16_4xb24-300e_crowdpose-512x512.py'

# Gradual shrinking (LitePose section 3): the first step.
model = dict(
    backbone=dict(
        extra=dict(
            stage2=dict(num_blocks=(3, 4)),
            stage3=dict(num_blocks=(2, 3, 4)),
            stage4=dict(num_blocks=(1, 2, 3, 4)),
        )
    ),
)
