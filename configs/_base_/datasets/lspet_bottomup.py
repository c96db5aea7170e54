# Leeds Sports Pose Extended (Johnson and Everingham, CVPR 2011) with CrowdPose's 14 keypoints
# (tools/dataset_converters/lspet_to_crowdpose.py). Only one person is labelled in each image. The
# last tenth of the images is held out for evaluation.
_base_ = './crowdpose_bottomup.py'

data_root = 'data/lspet/'

train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='annotations.json', indices=9000)
)
val_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='annotations.json', indices=list(range(9000, 10000)))
)
test_dataloader = val_dataloader

# Annotations are read from the samples, because the file has more images than are evaluated.
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
