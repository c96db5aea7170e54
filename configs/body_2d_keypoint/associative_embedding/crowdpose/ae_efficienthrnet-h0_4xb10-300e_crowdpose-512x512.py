_base_ = [
    '../../../_base_/models/ae_efficienthrnet.py',
    '../../../_base_/datasets/crowdpose_bottomup_512x512.py',
    '../../../_base_/schedules/ae_300e.py',
]

model = dict(
    backbone=dict(arch=0),
    head=dict(in_channels=32, deconv_channels=(32,), num_keypoints=14, decoder=_base_.codec),
)
# LitePose's rate for EfficientHRNet on CrowdPose.
optim_wrapper = dict(optimizer=dict(lr=4e-3))
train_dataloader = dict(batch_size=10)
auto_scale_lr = dict(base_batch_size=40)
