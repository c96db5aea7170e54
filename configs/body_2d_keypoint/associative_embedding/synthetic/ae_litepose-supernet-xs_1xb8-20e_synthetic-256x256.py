_base_ = [
    '../../../_base_/models/ae_litepose_supernet.py',
    '../../../_base_/datasets/synthetic_bottomup.py',
    '../../../_base_/schedules/ae.py',
]
from litepose_mm.recipes import (
    ae_codec,
    ae_test_pipeline,
    ae_train_pipeline,
    quick_head,
    supernet_hooks,
    training_hooks,
    warmup_cosine,
)

# A supernet for two processor cores: its largest network costs what LitePose-XS costs.
arch = 'prune-s'
search_space = dict(largest=arch, img_sizes=[256, 192, 128], ratios=[1, 0.75, 0.5])
codec = ae_codec(input_size=(256, 256))
epochs = 20

model = dict(
    backbone=dict(arch=arch),
    head=dict(
        arch=arch,
        num_keypoints=14,
        decoder=codec,
        heatmap_loss=dict(type='WeightAdaptiveHeatmapLoss'),
        **quick_head(),
    ),
    test_cfg=dict(flip_test=False),
)
pictures = ae_train_pipeline(
    codec, use_segments=False, scale_factor=(0.75, 1), rotate_factor=10, keep_inside=True
)
train_dataloader = dict(
    batch_size=8, dataset=dict(num_images=5000, cache='memory', pipeline=pictures)
)
val_dataloader = dict(dataset=dict(num_images=200, pipeline=ae_test_pipeline(codec)))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=epochs, val_interval=5)
param_scheduler = warmup_cosine(epochs)
custom_hooks = training_hooks(
    dict(type='DepthwiseGradientHook'),
    *supernet_hooks(search_space),
)
