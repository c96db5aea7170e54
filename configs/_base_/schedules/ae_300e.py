# HigherHRNet's and EfficientHRNet's training: Adam without weight decay, which the authors' code
# ignores, and without warm-up.
_base_ = '../default_runtime.py'

train_cfg = dict(by_epoch=True, max_epochs=300, val_interval=10)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
param_scheduler = [
    dict(type='MultiStepLR', begin=0, end=300, milestones=[200, 260], gamma=0.1, by_epoch=True)
]
