_base_ = './ae_litepose-xs_1xb4-1500e-overfit_coco-448x448.py'

# The second part of the over-fitting: each image has the size of its test, so the batch size is 1.
load_from = 'work_dirs/ae_litepose-xs_1xb4-1500e-overfit_coco-448x448/epoch_1500.pth'

# A single image does not provide useful statistics for batch normalisation.
model = dict(norm_eval=True, head=dict(heatmap_loss=dict(type='KeypointMSELoss')))
train_dataloader = dict(
    batch_size=1,
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=448,  # the short side; the long side follows each image
                scale_factor=(1, 1),
                rotate_factor=0,
                shift_factor=0,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.0),
            dict(type='GenerateTarget', encoder=_base_.codec),
            dict(type='MultiLevelHeatmapMask', use_segments=True),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ]
    ),
)

train_cfg = dict(max_epochs=130, val_interval=10, dynamic_intervals=None)
default_hooks = dict(checkpoint=dict(interval=10))
# At this stage, half of the gradients are below the usual eps of 1e-8.
optim_wrapper = dict(optimizer=dict(lr=4e-4, eps=1e-14))
auto_scale_lr = dict(base_batch_size=1)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=200, by_epoch=False),
    dict(
        type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=130, convert_to_iter_based=True
    ),
]
custom_hooks = [dict(type='EMAHook', momentum=2e-3, update_buffers=True)]
