_base_ = './crowdpose_bottomup_512x512.py'

# A search compares networks on the val split, which is not used for training; test is reserved for
# reports.
train_dataloader = dict(dataset=dict(ann_file='annotations/mmpose_crowdpose_train.json'))
search_dataloader = dict(
    batch_size=1,
    num_workers=2,
    dataset=dict(
        type='CheckedCrowdPoseDataset',
        data_root='data/crowdpose/',
        data_mode='bottomup',
        ann_file='annotations/mmpose_crowdpose_val.json',
        data_prefix=dict(img='images/'),
        test_mode=True,
        pipeline=_base_.val_dataloader.dataset.pipeline,
    ),
)
search_evaluator = dict(
    type='SampleTruthCocoMetric',
    nms_mode='none',
    score_mode='bbox',
    use_area=False,
    iou_type='keypoints_crowd',
    prefix='crowdpose',
)

# Schedule of a network that was extracted from the supernet.
finetune = dict(
    train_cfg=dict(by_epoch=True, max_epochs=200, val_interval=10),
    param_scheduler=[
        dict(type='MultiStepLR', begin=0, end=200, milestones=[50, 180], gamma=0.1, by_epoch=True)
    ],
)
