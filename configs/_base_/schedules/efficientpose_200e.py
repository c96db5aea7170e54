# EfficientPose's training on MPII (section 4.1).
_base_ = '../default_runtime.py'

train_cfg = dict(by_epoch=True, max_epochs=200, val_interval=10)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [
    dict(type='MultiStepLR', begin=0, end=200, milestones=[150, 170], gamma=0.1, by_epoch=True),
]
auto_scale_lr = dict(base_batch_size=32)
default_hooks = dict(checkpoint=dict(save_best='PCK'))  # PCKh@0.5
