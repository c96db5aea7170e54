_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/crowdpose_bottomup_448x448.py',
    '../../../_base_/schedules/ae_200e.py',
]

# Training starts from a trained network, including its head (LitePose section 5.2).
load_from = 'checkpoints/litepose-s_crowdpose.pth'
model = dict(
    backbone=dict(arch='litepose-s'),
    head=dict(arch='litepose-s', num_keypoints=14, decoder=_base_.codec),
)
