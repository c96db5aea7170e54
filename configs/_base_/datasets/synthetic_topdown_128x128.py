# Synthetic people, one per sample, in inputs of 128x128. They are drawn during training, so that
# nothing has to be downloaded, and have the 17 keypoints of COCO.
dataset_type = 'SyntheticPeopleDataset'
data_mode = 'topdown'

codec = dict(type='MSRAHeatmap', input_size=(128, 128), heatmap_size=(32, 32), sigma=1.5)

train_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_mode=data_mode,
        image_size=(192, 192),  # width, height
        people=(1, 2),
        cache='memory',
        num_images=4000,
        seed=0,
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='RandomFlip', direction='horizontal', prob=0.5),
            dict(
                type='RandomBBoxTransform',
                shift_prob=0,
                shift_factor=0,
                scale_factor=(0.75, 1.25),
                rotate_factor=60,
                rotate_prob=0.6,
            ),
            dict(type='TopdownAffine', input_size=codec['input_size']),
            dict(type='GenerateTarget', encoder=codec),
            dict(type='PackPoseInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=1,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        data_mode=data_mode,
        image_size=(192, 192),  # width, height
        people=(1, 2),
        cache='memory',
        num_images=500,
        seed=1,
        test_mode=True,
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=codec['input_size']),
            dict(type='PackPoseInputs'),
        ],
    ),
)
test_dataloader = val_dataloader
# A search compares networks on other scenes than the reports.
search_dataloader = dict(
    batch_size=32,
    dataset=dict(
        type=dataset_type,
        data_mode=data_mode,
        image_size=(192, 192),  # width, height
        people=(1, 2),
        cache='memory',
        num_images=300,
        seed=2,
        test_mode=True,
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='TopdownAffine', input_size=codec['input_size']),
            dict(type='PackPoseInputs'),
        ],
    ),
)

# The share of keypoints within 0.1 of the larger side of the box.
val_evaluator = dict(type='PCKAccuracy', thr=0.1, norm_item='bbox')
test_evaluator = val_evaluator
