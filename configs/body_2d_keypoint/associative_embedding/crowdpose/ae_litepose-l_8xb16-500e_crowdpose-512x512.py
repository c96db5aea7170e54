_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/crowdpose_bottomup_512x512.py',
    '../../../_base_/schedules/ae_500e.py',
]

model = dict(
    backbone=dict(arch='litepose-l'),
    head=dict(arch='litepose-l', num_keypoints=14, decoder=_base_.codec),
)
