_base_ = [
    '../../../_base_/models/ae_higherhrnet.py',
    '../../../_base_/datasets/crowdpose_bottomup_640x640.py',
    '../../../_base_/schedules/ae_300e.py',
]

model = dict(
    backbone=dict(
        extra=dict(
            stage2=dict(num_channels=(48, 96)),
            stage3=dict(num_channels=(48, 96, 192)),
            stage4=dict(num_channels=(48, 96, 192, 384)),
        )
    ),
    head=dict(in_channels=48, deconv_channels=(48,), num_keypoints=14, decoder=_base_.codec),
)
train_dataloader = dict(batch_size=10)
auto_scale_lr = dict(base_batch_size=40)
