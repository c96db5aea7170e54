_base_ = [
    '../../../_base_/models/topdown_efficientpose.py',
    '../../../_base_/datasets/coco_topdown_256x192.py',
    '../../../_base_/schedules/efficientpose_240e.py',
]

train_dataloader = dict(batch_size=32)
model = dict(
    backbone=dict(arch='efficientpose-large-k3e6'),
    head=dict(in_channels=160, out_channels=17, decoder=_base_.codec),
)
