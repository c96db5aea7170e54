_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/people_bottomup_448x448.py',
    '../../../_base_/default_runtime.py',
]

# LitePose-S continues at its final input size from the last checkpoint of the config for 256x256.
load_from = 'work_dirs/ae_litepose-s_1xb16-30e_people-256x256/epoch_30.pth'

model = dict(
    backbone=dict(arch='litepose-s'),
    head=dict(arch='litepose-s', num_keypoints=14, decoder=_base_.codec),
    test_cfg=dict(flip_test=False),
)

train_cfg = dict(by_epoch=True, max_epochs=12, val_interval=2)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=6e-4, eps=1e-14))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=50, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=12, convert_to_iter_based=True),
]
auto_scale_lr = dict(base_batch_size=16)
custom_hooks = [dict(type='EMAHook', momentum=1e-3, update_buffers=True)]
