# Pretraining (LitePose section 5.2): the learning rate stays as it is.
_base_ = '../default_runtime.py'

train_cfg = dict(by_epoch=True, max_epochs=100, val_interval=10)
# The authors' optimiser: Adam without weight decay, 1e-3 for every 32 images of a batch.
optim_wrapper = dict(optimizer=dict(type='Adam', lr=4e-3))
param_scheduler = [
    dict(type='MultiStepLR', begin=0, end=100, milestones=[], gamma=0.1, by_epoch=True)
]
auto_scale_lr = dict(base_batch_size=128)
