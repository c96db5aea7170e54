# EfficientPose's training on COCO (section 4.2).
_base_ = '../default_runtime.py'

train_cfg = dict(by_epoch=True, max_epochs=240, val_interval=10)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', begin=0, end=500, start_factor=0.001, by_epoch=False),
    dict(
        type='MultiStepLR',
        begin=0,
        end=281040,  # 240 epochs of 1,171 steps
        milestones=[200000, 240000],
        gamma=0.1,
        by_epoch=False,
    ),
]
auto_scale_lr = dict(base_batch_size=128)
