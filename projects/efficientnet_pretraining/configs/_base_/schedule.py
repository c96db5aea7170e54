# EfficientHRNet section 4.1: five epochs of warm-up to a rate of 0.05, then 195 epochs in which the
# rate falls to a tenth every 30. The paper does not give momentum and batch.
custom_imports = dict(imports=['efficientnet_pretraining'])
default_scope = 'mmengine'

train_cfg = dict(by_epoch=True, max_epochs=200, val_interval=5)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4))
param_scheduler = [
    dict(
        type='LinearLR',
        start_factor=0.002,  # 1e-4
        begin=0,
        end=5,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
    dict(type='StepLR', step_size=30, gamma=0.1, begin=5, end=200, by_epoch=True),
]
auto_scale_lr = dict(base_batch_size=256)
default_hooks = dict(
    checkpoint=dict(
        type='mmpose.SafeCheckpointHook',
        interval=5,
        save_best='accuracy/top1',
        max_keep_ckpts=2,
    )
)
val_evaluator = dict(type='TopKAccuracy')
test_evaluator = val_evaluator
