_base_ = [
    '../../../_base_/models/ae_higherhrnet.py',
    '../../../_base_/datasets/crowdpose_bottomup_512x512.py',
    '../../../_base_/schedules/ae_300e.py',
]

# One of LitePose's small HigherHRNets: stage 1 has twice the width of the finest branch, the head
# has no residual blocks, and weights start as torch initialises them.
model = dict(
    backbone=dict(
        extra=dict(
            stage1=dict(num_channels=(32,)),
            stage2=dict(num_channels=(16, 32)),
            stage3=dict(num_channels=(16, 32, 64)),
            stage4=dict(num_channels=(16, 32, 64, 128)),
        ),
        init_cfg=[],
    ),
    head=dict(
        in_channels=16, num_basic_blocks=0, num_keypoints=14, decoder=_base_.codec, init_cfg=[]
    ),
)
train_dataloader = dict(batch_size=24)
auto_scale_lr = dict(base_batch_size=96)
