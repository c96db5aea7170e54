_base_ = './ae_litepose-xs_8xb16-500e_crowdpose-256x256.py'
from litepose_mm.recipes import (
    ae_codec,
    ae_test_pipeline,
    crops_then_whole,
    quick_head,
    training_hooks,
    warmup_cosine,
)

# Does it learn? From scratch on two pictures, on which it is evaluated, too.
codec = ae_codec(input_size=(448, 448))
epochs, last_epochs = 3000, 500
few = dict(data_root='data/few_crowdpose/', ann_file='annotations.json', data_prefix=dict(img=''))

model = dict(
    head=dict(decoder=codec, heatmap_loss=dict(type='WeightAdaptiveHeatmapLoss'), **quick_head()),
    test_cfg=dict(flip_test=False),
)
crops, whole = crops_then_whole(codec, use_segments=False)
train_dataloader = dict(batch_size=2, dataset=dict(pipeline=crops, **few))
val_dataloader = dict(dataset=dict(pipeline=ae_test_pipeline(codec), **few))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=few['data_root'] + few['ann_file'])
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=epochs, val_interval=100)
default_hooks = dict(checkpoint=dict(interval=100))
optim_wrapper = dict(optimizer=dict(lr=3e-3))
auto_scale_lr = dict(base_batch_size=2)
param_scheduler = warmup_cosine(epochs, decay_from=epochs - last_epochs)
custom_hooks = training_hooks(
    dict(type='PipelineSwitchHook', switch_epoch=epochs - last_epochs, switch_pipeline=whole),
)
