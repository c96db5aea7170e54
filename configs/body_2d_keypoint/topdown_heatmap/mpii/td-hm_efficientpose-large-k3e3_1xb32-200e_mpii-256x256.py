_base_ = [
    '../../../_base_/models/topdown_efficientpose.py',
    '../../../_base_/datasets/mpii_topdown_256x256.py',
    '../../../_base_/schedules/efficientpose_200e.py',
]

model = dict(
    backbone=dict(arch='efficientpose-large-k3e3'),
    head=dict(in_channels=160, out_channels=16, decoder=_base_.codec),
)
