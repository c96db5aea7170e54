_base_ = [
    '../../../_base_/models/ae_efficienthrnet.py',
    '../../../_base_/datasets/coco_bottomup_416x416.py',
    '../../../_base_/schedules/ae_300e.py',
]

model = dict(
    backbone=dict(arch=-3),
    head=dict(in_channels=17, deconv_channels=(17,), num_keypoints=17, decoder=_base_.codec),
)
train_dataloader = dict(batch_size=8)
auto_scale_lr = dict(base_batch_size=32)
