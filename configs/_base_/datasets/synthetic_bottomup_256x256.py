# Synthetic people for networks of 256x256: whole images that are only mirrored.
_base_ = './synthetic_bottomup.py'

codec = dict(
    type='MultiLevelAssociativeEmbedding',
    input_size=(256, 256),  # width, height
    heatmap_sizes=[(64, 64), (128, 128)],
    sigma=2,
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(256, 256),
                scale_factor=(1, 1),
                rotate_factor=0,
                shift_factor=0,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='GenerateTarget', encoder=codec),
            # Like the authors for CrowdPose, this masks nobody.
            dict(type='MultiLevelHeatmapMask', use_segments=False),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ]
    )
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='BottomupResizeAlign', input_size=(256, 256)),
            dict(type='PackMultiScaleInputs'),
        ]
    )
)
test_dataloader = val_dataloader
