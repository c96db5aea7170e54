_base_ = [
    '../../../_base_/models/topdown_litepose.py',
    '../../../_base_/datasets/coco_topdown.py',
    '../../../_base_/schedules/topdown.py',
]
from litepose_mm.recipes import topdown_test_pipeline, topdown_train_pipeline

# LitePose's backbone under MMPose's SimCC head, after MMPose's MobileNetV2 recipe.
codec = dict(type='SimCCLabel', input_size=(192, 256), sigma=6.0, simcc_split_ratio=2.0)

model = dict(
    head=dict(
        type='SimCCHead',
        in_channels=120,
        out_channels=17,
        input_size=codec['input_size'],
        in_featuremap_size=(12, 16),  # 192x256 pixels at stride 16
        simcc_split_ratio=codec['simcc_split_ratio'],
        deconv_out_channels=None,
        loss=dict(type='KLDiscretLoss', use_target_weight=True),
        decoder=codec,
    )
)

train_dataloader = dict(dataset=dict(pipeline=topdown_train_pipeline(codec)))
val_dataloader = dict(dataset=dict(pipeline=topdown_test_pipeline(codec)))
test_dataloader = val_dataloader
