# Leeds Sports Pose Extended (Johnson and Everingham, CVPR 2011) with CrowdPose's 14 keypoints
# (tools/dataset_converters/lspet_to_crowdpose.py). One person is labelled in each image, whoever
# else is there is not. The last tenth is held out.
_base_ = './crowdpose_bottomup.py'

data_root = 'data/lspet/'

train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='annotations.json', indices=9000)
)
val_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='annotations.json', indices=list(range(9000, 10000)))
)
test_dataloader = val_dataloader

# The truth travels with the samples: the file has more images than are evaluated.
val_evaluator = dict(
    _delete_=True,
    type='SampleTruthCocoMetric',
    nms_mode='none',
    score_mode='bbox',
    use_area=True,
    iou_type='keypoints',
    prefix='lspet',
)
test_evaluator = val_evaluator
