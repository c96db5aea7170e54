# Photographs that a trained network has labelled with CrowdPose's 14 keypoints
# (tools/dataset_converters/label_people.py). Evaluation uses images of COCO with the 12 shared
# keypoints (tools/dataset_converters/combine_annotations.py --keypoints crowdpose).
_base_ = './crowdpose_bottomup.py'

data_root = 'data/people/'

train_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='train.json', data_prefix=dict(img='images/'))
)
val_dataloader = dict(
    dataset=dict(data_root=data_root, ann_file='val.json', data_prefix=dict(img=''))
)
test_dataloader = val_dataloader

val_evaluator = dict(
    ann_file=data_root + 'val.json', iou_type='keypoints', use_area=True, prefix='people'
)
test_evaluator = val_evaluator
