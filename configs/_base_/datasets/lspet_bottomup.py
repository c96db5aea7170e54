# Leeds Sports Pose Extended (Johnson and Everingham, CVPR 2011) with CrowdPose's 14 keypoints
# (tools/dataset_converters/lspet_to_crowdpose.py). One person is labelled in a picture, whoever else
# is there is not. The last tenth is held out.
_base_ = './crowdpose_bottomup.py'

pictures = dict(
    data_root='data/lspet/', ann_file='annotations.json', data_prefix=dict(img='images/')
)
train_dataloader = dict(dataset=dict(indices=9000, **pictures))
val_dataloader = dict(dataset=dict(indices=list(range(9000, 10000)), **pictures))
test_dataloader = val_dataloader

# The truth travels with the samples: the file has more pictures than are evaluated.
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
