_base_ = './ae_litepose-xs_8xb16-500e_coco-256x256.py'
from litepose_mm.recipes import (
    ae_codec,
    ae_test_pipeline,
    crops_then_whole,
    quick_head,
    training_hooks,
    warmup_cosine,
)

# Does it learn? From scratch on a handful of pictures, on which it is evaluated, too. The config
# beside it, `…-130e-overfit-whole_…`, goes on from here.
codec = ae_codec(input_size=(448, 448))
switch_epoch, epochs = 1200, 1500  # crops until then; the learning rate falls after
few = dict(data_root='data/few_coco/', ann_file='annotations.json', data_prefix=dict(img=''))

model = dict(
    head=dict(decoder=codec, heatmap_loss=dict(type='WeightAdaptiveHeatmapLoss'), **quick_head()),
    test_cfg=dict(flip_test=False),
)
crops, whole = crops_then_whole(codec)
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=crops, **few))
val_dataloader = dict(dataset=dict(pipeline=ae_test_pipeline(codec), **few))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=few['data_root'] + few['ann_file'])
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=epochs, val_interval=150, dynamic_intervals=[(switch_epoch, 25)])
default_hooks = dict(checkpoint=dict(interval=25))
optim_wrapper = dict(optimizer=dict(lr=3e-3))
auto_scale_lr = dict(base_batch_size=4)
# The cosine is as long as if 200 epochs came after.
param_scheduler = warmup_cosine(epochs + 200, decay_from=switch_epoch)
custom_hooks = training_hooks(
    dict(type='PipelineSwitchHook', switch_epoch=switch_epoch, switch_pipeline=whole),
    # batches of four pictures: their statistics alone move AP by two points
    dict(type='EMAHook', momentum=2e-3, update_buffers=True),
)
