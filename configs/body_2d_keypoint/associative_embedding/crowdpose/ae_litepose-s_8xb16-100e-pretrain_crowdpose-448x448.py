_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/crowdpose_bottomup_448x448.py',
    '../../../_base_/schedules/ae_100e.py',
]

model = dict(
    backbone=dict(arch='litepose-s'),
    head=dict(
        arch='litepose-s',
        num_keypoints=14,
        decoder=_base_.codec,
        # Only heatmaps are trained: tags learned from scratch are poor (LitePose section 5.2).
        tag_loss=dict(pull_weight=0, push_weight=0),
    ),
)
