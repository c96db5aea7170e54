# CrowdPose for part affinity fields and crops of 368x368. As in the authors' code, crops are centred
# near a person on grey. Their zoom follows that person's size, while it follows the image's here.
_base_ = './crowdpose_bottomup.py'

codec = dict(
    type='PartAffinityFields',
    input_size=(368, 368),  # width, height
    heatmap_size=(46, 46),
    body='crowdpose',
    sigma=7,
    thickness=1,
    decode_offset=1,  # positions of the authors' evaluation; those of their demo have 0
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(368, 368),
                scale_factor=(0.4, 1.2),
                rotate_factor=40,
                shift_factor=0.1,
                keypoint_prob=1.0,
                border=128,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(type='GenerateTarget', encoder=codec),
            # Like LitePose's authors for CrowdPose, this masks nobody.
            dict(type='MultiLevelHeatmapMask', use_segments=False, mask_border=False),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ]
    )
)
val_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='BottomupResizeHeight', input_size=(368, 368)),
            dict(type='PackMultiScaleInputs'),
        ]
    )
)
test_dataloader = val_dataloader
