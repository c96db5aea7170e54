# COCO for networks of 640x640, with the augmentation of LitePose section 5.2.
_base_ = './coco_bottomup.py'

codec = dict(
    type='MultiLevelAssociativeEmbedding',
    input_size=(640, 640),  # width, height
    heatmap_sizes=[(160, 160), (320, 320)],
    sigma=2,
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(640, 640),
                scale_factor=(0.75, 1.5),
                rotate_factor=30,
                shift_factor=0.2,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='GenerateTarget', encoder=codec),
            # Unlabelled people and crowds are masked.
            dict(type='MultiLevelHeatmapMask', use_segments=True),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ]
    )
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='BottomupResizeAlign', input_size=(640, 640)),
            dict(type='PackMultiScaleInputs'),
        ]
    )
)
test_dataloader = val_dataloader
