_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/people_bottomup_256x256.py',
    '../../../_base_/default_runtime.py',
]

# The weights of this package are trained further on photographs that LitePose-M has labelled: the
# height of a keypoint's Gaussian is the probability that it is right. The teacher is not needed.
load_from = 'litepose-xs_crowdpose'

model = dict(
    backbone=dict(arch='litepose-xs'),
    head=dict(arch='litepose-xs', num_keypoints=14, decoder=_base_.codec),
    test_cfg=dict(flip_test=False),
)

train_cfg = dict(by_epoch=True, max_epochs=50, val_interval=2)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=8e-4, eps=1e-14))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=50, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=16)
custom_hooks = [dict(type='EMAHook', momentum=1e-3, update_buffers=True)]
