_base_ = './ae_litepose-xs_8xb16-500e_coco-256x256.py'
from litepose_mm.recipes import (
    ae_codec,
    ae_test_pipeline,
    crops_then_whole,
    quick_head,
    training_hooks,
    warmup_cosine,
)

# Does it learn? From scratch on a handful of pictures, on which it is evaluated, too.
codec = ae_codec(input_size=(448, 448))
small_epochs, medium_epochs, whole_epochs = 250, 450, 150
epochs = small_epochs + medium_epochs + whole_epochs
few = dict(data_root='data/few_coco/', ann_file='annotations.json', data_prefix=dict(img=''))

model = dict(
    head=dict(decoder=codec, heatmap_loss=dict(type='WeightAdaptiveHeatmapLoss'), **quick_head()),
    test_cfg=dict(flip_test=False),
)
small, _ = crops_then_whole(codec, (128, 128))
medium, whole = crops_then_whole(codec, (256, 256))
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=small, **few))
val_dataloader = dict(dataset=dict(pipeline=ae_test_pipeline(codec), **few))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=few['data_root'] + few['ann_file'])
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=epochs, val_interval=50)
default_hooks = dict(checkpoint=dict(interval=10))
optim_wrapper = dict(optimizer=dict(lr=3e-3))
param_scheduler = warmup_cosine(epochs, decay_from=small_epochs + medium_epochs // 2)
custom_hooks = training_hooks(
    dict(type='DepthwiseGradientHook'),
    dict(type='PipelineSwitchHook', switch_epoch=small_epochs, switch_pipeline=medium),
    dict(type='PipelineSwitchHook', switch_epoch=epochs - whole_epochs, switch_pipeline=whole),
    # batches of four pictures: their statistics alone move AP by two points
    dict(type='EMAHook', momentum=2e-3, update_buffers=True),
)
