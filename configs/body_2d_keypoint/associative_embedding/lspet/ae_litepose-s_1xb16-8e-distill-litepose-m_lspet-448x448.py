_base_ = './ae_litepose-xs_1xb32-22e-distill-litepose-m_lspet-256x256.py'

# The same for LitePose-S, at the input size of the teacher's training.
load_from = 'checkpoints/litepose-s_narrowed.pth'

codec = dict(input_size=(448, 448), heatmap_sizes=[(112, 112), (224, 224)])
model = dict(
    data_preprocessor=dict(
        batch_augments=[
            dict(type='RandomMosaic', output_size=(448, 448), tiles=3, scale_factor=(1 / 3, 1))
        ]
    ),
    teacher_input_size=(448, 448),
    backbone=dict(arch='litepose-s'),
    head=dict(arch='litepose-s', decoder=codec),
)
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(224, 224),
                scale_factor=(0.8, 1.2),
                rotate_factor=30,
                shift_factor=0.2,
                keep_inside=True,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ]
    ),
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='BottomupResizeAlign', input_size=(448, 448)),
            dict(type='PackMultiScaleInputs'),
        ]
    )
)
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=8, val_interval=8)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
auto_scale_lr = dict(base_batch_size=16)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=8, convert_to_iter_based=True),
]
