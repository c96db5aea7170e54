_base_ = '../default_runtime.py'
from litepose_mm.recipes import ae_schedule

train_cfg, param_scheduler = ae_schedule('scratch')

# The authors' optimiser: Adam without weight decay, 1e-3 for every 32 images of a batch.
optim_wrapper = dict(optimizer=dict(type='Adam', lr=4e-3))
auto_scale_lr = dict(base_batch_size=128)
