# CrowdPose for networks of 480x480, with the augmentation of LitePose section 5.2.
_base_ = './crowdpose_bottomup.py'

codec = dict(
    type='MultiLevelAssociativeEmbedding',
    input_size=(480, 480),  # width, height
    heatmap_sizes=[(120, 120), (240, 240)],
    sigma=2,
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(480, 480),
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
            # The authors' test rounds 480 up to a multiple of 64; the paper's figures are of 480.
            dict(type='BottomupResizeAlign', input_size=(480, 480), size_factor=32),
            dict(type='PackMultiScaleInputs'),
        ]
    )
)
test_dataloader = val_dataloader
