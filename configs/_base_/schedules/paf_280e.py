# The authors' schedule of Lightweight OpenPose. They train three times with it: from MobileNet's
# weights, again from the result, and again with 3 refinement stages.
_base_ = '../default_runtime.py'

train_cfg = dict(by_epoch=True, max_epochs=280, val_interval=10)
# Adam with 4e-5 for 80 images. The authors also give refinement stages 8 times the rate for biases
# and 1 time for BN, where this has 4 for all.
optim_wrapper = dict(
    optimizer=dict(type='Adam', lr=4e-5, weight_decay=5e-4),
    paramwise_cfg=dict(
        bias_lr_mult=2,
        bias_decay_mult=0,
        norm_decay_mult=0,
        dwconv_decay_mult=0,
        custom_keys={'head.refinement_stages': dict(lr_mult=4)},
    ),
)
param_scheduler = [
    dict(
        type='MultiStepLR',
        begin=0,
        end=280,
        milestones=[100, 200, 260],
        gamma=0.333,
        by_epoch=True,
    )
]
auto_scale_lr = dict(base_batch_size=80)
