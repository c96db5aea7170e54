# Synthetic people, drawn during training, so that nothing has to be downloaded. They have the 14
# keypoints of CrowdPose, or the 17 of COCO with coco.py as metainfo and iou_type='keypoints'.
dataset_type = 'SyntheticPeopleDataset'
data_mode = 'bottomup'

train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        num_images=10000,
        seed=0,
        image_size=(256, 256),  # width, height
        metainfo=dict(from_file='configs/_base_/datasets/crowdpose.py'),
        data_mode=data_mode,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
    dataset=dict(
        type=dataset_type,
        num_images=500,
        seed=1,
        image_size=(256, 256),  # width, height
        metainfo=dict(from_file='configs/_base_/datasets/crowdpose.py'),
        data_mode=data_mode,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

val_evaluator = dict(
    type='SampleTruthCocoMetric',
    nms_mode='none',
    score_mode='bbox',
    use_area=False,
    iou_type='keypoints_crowd',
    prefix='synthetic',
)
test_evaluator = val_evaluator
