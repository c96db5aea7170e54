_base_ = './coco_bottomup_512x512.py'

# A search compares networks on fixed training images; val2017 is reserved for reports.
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
        pipeline=_base_.val_dataloader.dataset.pipeline,
    ),
)
search_evaluator = dict(
    type='SampleTruthCocoMetric', nms_mode='none', score_mode='bbox', prefix='coco'
)

# Schedule of a network that was extracted from the supernet.
finetune = dict(
    train_cfg=dict(by_epoch=True, max_epochs=500, val_interval=10),
    param_scheduler=[
        dict(type='MultiStepLR', begin=0, end=500, milestones=[350, 480], gamma=0.1, by_epoch=True)
    ],
)
