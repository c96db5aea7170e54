_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/coco_bottomup_256x256.py',
    '../../../_base_/schedules/ae_500e.py',
]

model = dict(
    backbone=dict(arch='litepose-xs'),
    head=dict(arch='litepose-xs', num_keypoints=17, decoder=_base_.codec),
)
