_base_ = './coco_bottomup.py'

# A search compares networks on training pictures, the same for all; val2017 stays for reports.
search_dataloader = dict(
    batch_size=1,
    num_workers=2,
    dataset=dict(
        type='CheckedCocoDataset',
        data_root='data/coco/',
        data_mode='bottomup',
        ann_file='annotations/person_keypoints_train2017.json',
        data_prefix=dict(img='train2017/'),
        indices=2000,
        test_mode=True,
    ),
)
search_evaluator = dict(
    type='SampleTruthCocoMetric', nms_mode='none', score_mode='bbox', prefix='coco'
)
