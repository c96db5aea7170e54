_base_ = './crowdpose_bottomup.py'

# A search compares networks on the val split, so it is not trained on; test stays for reports.
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
