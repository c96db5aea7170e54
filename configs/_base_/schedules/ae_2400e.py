# The supernet of XS (LitePose section 5.1) with a constant learning rate.
_base_ = '../default_runtime.py'

train_cfg = dict(by_epoch=True, max_epochs=2400, val_interval=10)
# The authors' optimiser: Adam without weight decay, with a learning rate of 1e-3 per 32 images.
optim_wrapper = dict(optimizer=dict(type='Adam', lr=4e-3))
param_scheduler = [
    dict(type='MultiStepLR', begin=0, end=2400, milestones=[], gamma=0.1, by_epoch=True)
]
auto_scale_lr = dict(base_batch_size=128)
