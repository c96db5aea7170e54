_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/lspet_bottomup.py',
    '../../../_base_/schedules/ae.py',
]
from litepose_mm.recipes import (
    ae_codec,
    ae_test_pipeline,
    tile_pipeline,
    training_hooks,
    warmup_cosine,
)

# LitePose-XS learns what LitePose-M computes on mosaics of photographs; labels are not used, since
# most people have none. It starts from the teacher, narrowed (projects/narrowing).
arch = 'litepose-xs'
codec = ae_codec(input_size=(256, 256))
epochs = 22
load_from = 'checkpoints/litepose-xs_narrowed.pth'

model = dict(
    type='DistilledBottomupPoseEstimator',
    data_preprocessor=dict(batch_augments=[dict(type='RandomMosaic', output_size=(256, 256))]),
    teacher=dict(
        type='MultiScaleBottomupPoseEstimator',
        backbone=dict(type='LitePose', arch='litepose-m'),
        head=dict(type='FusionDeconvHead', arch='litepose-m', num_keypoints=14),
    ),
    teacher_weights='checkpoints/litepose-m_crowdpose.pth',
    # Enlarged pictures: small people are what the teacher misses at 256.
    teacher_input_size=(352, 352),
    tag_weight=1e-3,
    with_labels=False,
    backbone=dict(arch=arch),
    head=dict(arch=arch, num_keypoints=14, decoder=codec),
    test_cfg=dict(flip_test=False),
)
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=tile_pipeline(160)))
val_dataloader = dict(dataset=dict(pipeline=ae_test_pipeline(codec)))
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=epochs, val_interval=epochs)
optim_wrapper = dict(optimizer=dict(lr=1e-3, eps=1e-14))
auto_scale_lr = dict(base_batch_size=32)
param_scheduler = warmup_cosine(epochs)
custom_hooks = training_hooks(
    dict(type='EMAHook', momentum=2e-3, update_buffers=True),
)
