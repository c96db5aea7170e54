_base_ = './ae_efficienthrnet-h0_4xb8-300e_coco-512x512.py'

# Tags at both levels, as in the weights that the authors released.
codec = dict(
    type='MultiLevelAssociativeEmbedding',
    input_size=(512, 512),  # width, height
    heatmap_sizes=[(128, 128), (256, 256)],
    sigma=2,
    tag_levels=(True, True),
)
model = dict(head=dict(tag_levels=(True, True), decoder=codec))
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(512, 512),
                scale_factor=(0.75, 1.5),
                rotate_factor=30,
                shift_factor=0.2,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='GenerateTarget', encoder=codec),
            dict(type='MultiLevelHeatmapMask', use_segments=True),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ]
    )
)
