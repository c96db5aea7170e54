# Leeds Sports Pose Extended (Johnson and Everingham, CVPR 2011) with CrowdPose's 14 keypoints
# (tools/dataset_converters/lspet_to_crowdpose.py). One person is labelled in a picture, whoever else
# is there is not. The last tenth is held out.
dataset_type = 'CrowdPoseDataset'
data_mode = 'bottomup'
data_root = 'data/lspet/'

train_dataloader = dict(
    batch_size=16,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        data_mode=data_mode,
        ann_file='annotations.json',
        data_prefix=dict(img='images/'),
        indices=9000,
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
        data_root=data_root,
        data_mode=data_mode,
        ann_file='annotations.json',
        data_prefix=dict(img='images/'),
        indices=list(range(9000, 10000)),
        test_mode=True,
    ),
)
test_dataloader = val_dataloader

# The truth travels with the samples: the file has more pictures than are evaluated.
val_evaluator = dict(
    type='SampleTruthCocoMetric',
    nms_mode='none',
    score_mode='bbox',
    use_area=True,
    iou_type='keypoints',
    prefix='lspet',
)
test_evaluator = val_evaluator
