_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/crowdpose_bottomup.py',
    '../../../_base_/schedules/ae.py',
]
from litepose_mm.recipes import ae_codec, ae_test_pipeline, ae_train_pipeline

arch = 'litepose-xs'
num_keypoints = 14
codec = ae_codec(input_size=(256, 256))

model = dict(
    backbone=dict(arch=arch), head=dict(arch=arch, num_keypoints=num_keypoints, decoder=codec)
)

train_dataloader = dict(dataset=dict(pipeline=ae_train_pipeline(codec, use_segments=False)))
val_dataloader = dict(dataset=dict(pipeline=ae_test_pipeline(codec)))
test_dataloader = val_dataloader
