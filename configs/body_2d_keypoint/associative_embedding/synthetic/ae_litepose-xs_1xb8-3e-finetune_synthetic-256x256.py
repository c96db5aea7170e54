_base_ = './ae_litepose-xs_1xb8-13e_synthetic-256x256.py'
from litepose_mm.recipes import training_hooks, warmup_cosine, weights_of

# The weights that ship, which have seen photographs only, go on with whole pictures of synthetic
# people: an hour on two CPU cores.
load_from = weights_of('litepose-xs_crowdpose')
epochs = 3

model = dict(head=dict(heatmap_loss=dict(type='KeypointMSELoss')))
train_dataloader = dict(dataset=dict(num_images=12000, pipeline=_base_.pictures))
train_cfg = dict(max_epochs=epochs, val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = warmup_cosine(epochs)
custom_hooks = training_hooks(
    dict(type='EMAHook', momentum=2e-3, update_buffers=True),
)
