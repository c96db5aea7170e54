_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/people_bottomup.py',
    '../../../_base_/schedules/ae.py',
]
from litepose_mm.recipes import (
    ae_codec,
    ae_test_pipeline,
    ae_train_pipeline,
    training_hooks,
    warmup_cosine,
    weights_of,
)

# The weights of this package go on with photographs that LitePose-M has labelled: its keypoints are
# Gaussians as high as they are probably right. The teacher itself is not needed any more.
arch = 'litepose-xs'
codec = ae_codec(input_size=(256, 256))
epochs = 50
load_from = weights_of('litepose-xs_crowdpose')

model = dict(
    backbone=dict(arch=arch),
    head=dict(arch=arch, num_keypoints=14, decoder=codec),
    test_cfg=dict(flip_test=False),
)
# Crowds are masked: nobody is labelled there.
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=ae_train_pipeline(codec)))
val_dataloader = dict(dataset=dict(pipeline=ae_test_pipeline(codec)))
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=epochs, val_interval=2)
optim_wrapper = dict(optimizer=dict(lr=8e-4, eps=1e-14))
auto_scale_lr = dict(base_batch_size=16)
param_scheduler = warmup_cosine(epochs)
custom_hooks = training_hooks(dict(type='EMAHook', momentum=1e-3, update_buffers=True))
