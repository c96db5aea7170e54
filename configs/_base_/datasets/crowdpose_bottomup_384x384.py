# CrowdPose for networks of 384x384, with the augmentation of LitePose section 5.2.
_base_ = './crowdpose_bottomup.py'

codec = dict(
    type='MultiLevelAssociativeEmbedding',
    input_size=(384, 384),  # width, height
    heatmap_sizes=[(96, 96), (192, 192)],
    sigma=2,
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(384, 384),
                scale_factor=(0.75, 1.5),
                rotate_factor=30,
                shift_factor=0.2,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='GenerateTarget', encoder=codec),
            # Like the authors, this masks nobody.
            dict(type='MultiLevelHeatmapMask', use_segments=False),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ]
    )
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='BottomupResizeAlign', input_size=(384, 384)),
            dict(type='PackMultiScaleInputs'),
        ]
    )
)
test_dataloader = val_dataloader
