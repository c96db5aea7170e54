_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/synthetic_bottomup_256x256.py',
    '../../../_base_/default_runtime.py',
]

# The weights of the package, which were trained on photographs only, are fine-tuned on whole images
# of synthetic people, which takes an hour on two CPU cores.
load_from = 'litepose-xs_crowdpose'

model = dict(
    backbone=dict(arch='litepose-xs'),
    head=dict(
        arch='litepose-xs',
        num_keypoints=14,
        decoder=_base_.codec,
        output_std=0.001,
        tag_loss=dict(pull_weight=1e-2, push_weight=1e-2),
    ),
    test_cfg=dict(flip_test=False),
)
train_dataloader = dict(batch_size=8, dataset=dict(num_images=12000, cache='memory'))

train_cfg = dict(by_epoch=True, max_epochs=3, val_interval=1)
optim_wrapper = dict(optimizer=dict(type='Adam', lr=2e-3, eps=1e-14))
auto_scale_lr = dict(base_batch_size=8)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=3, convert_to_iter_based=True),
]
custom_hooks = [
    dict(type='EMAHook', momentum=2e-3, update_buffers=True),
]
