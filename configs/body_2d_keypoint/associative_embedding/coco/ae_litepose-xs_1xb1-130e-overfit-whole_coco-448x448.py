_base_ = './ae_litepose-xs_1xb4-1500e-overfit_coco-448x448.py'
from litepose_mm.recipes import ae_codec, ae_train_pipeline, training_hooks, warmup_cosine

# The second part of the over-fit: every picture as it is tested, so one at a time.
load_from = 'work_dirs/ae_litepose-xs_1xb4-1500e-overfit_coco-448x448/epoch_1500.pth'
epochs = 130

# A picture alone has no statistics to learn with.
model = dict(norm_eval=True, head=dict(heatmap_loss=dict(type='KeypointMSELoss')))
pictures = ae_train_pipeline(
    ae_codec(input_size=(448, 448)),
    aligned=True,
    flip=0,
    scale_factor=(1, 1),
    rotate_factor=0,
    shift_factor=0,
)
train_dataloader = dict(batch_size=1, dataset=dict(pipeline=pictures))

train_cfg = dict(max_epochs=epochs, val_interval=10, dynamic_intervals=None)
default_hooks = dict(checkpoint=dict(interval=10))
# Half of the gradients are below the usual eps of 1e-8 by now.
optim_wrapper = dict(optimizer=dict(lr=4e-4, eps=1e-14))
auto_scale_lr = dict(base_batch_size=1)
param_scheduler = warmup_cosine(epochs, warmup_iterations=200)
custom_hooks = training_hooks(
    dict(type='EMAHook', momentum=2e-3, update_buffers=True),
)
