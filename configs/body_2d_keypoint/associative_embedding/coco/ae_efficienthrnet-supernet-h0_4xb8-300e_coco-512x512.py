_base_ = [
    '../../../_base_/models/ae_efficienthrnet.py',
    '../../../_base_/datasets/coco_search_512x512.py',
    '../../../_base_/schedules/ae_300e.py',
]

# The three coarser branches of H0 at 1, 0.75, 0.5 and 0.25 of their widths, at three resolutions. No
# such space has been published. Set load_from to weights of H0 to start from them.
search_space = 'efficienthrnet-h0-widths'

model = dict(
    type='SupernetBottomupPoseEstimator',
    backbone=dict(type='ElasticEfficientHRNet', arch=0),
    head=dict(in_channels=32, deconv_channels=(32,), num_keypoints=17, decoder=_base_.codec),
)
train_dataloader = dict(batch_size=8)
auto_scale_lr = dict(base_batch_size=32)
custom_hooks = [
    dict(type='SortChannelsHook'),
    dict(type='ArchitectureSamplingHook', space=search_space, samples=1),
    # Besides the largest network, half of its widths and the smallest one.
    dict(type='SubnetValidationHook', space=search_space, subnets=[0.5, 'smallest']),
]
# The family's schedule, instead of LitePose's, for a network that was extracted.
finetune = dict(
    train_cfg=dict(max_epochs=300),
    param_scheduler=[
        dict(type='MultiStepLR', begin=0, end=300, milestones=[200, 260], gamma=0.1, by_epoch=True)
    ],
)
