_base_ = [
    '../../../_base_/models/topdown_litepose.py',
    '../../../_base_/datasets/coco_topdown.py',
    '../../../_base_/schedules/topdown.py',
]
from litepose_mm.recipes import topdown_test_pipeline, topdown_train_pipeline

# LitePose's backbone under MMPose's top-down heatmap head, after MMPose's MobileNetV2 recipe.
codec = dict(type='MSRAHeatmap', input_size=(192, 256), heatmap_size=(48, 64), sigma=2)

model = dict(
    head=dict(
        type='HeatmapHead',
        in_channels=120,
        out_channels=17,
        # The deepest feature has stride 16: two transposed convolutions reach stride 4.
        deconv_out_channels=(256, 256),
        deconv_kernel_sizes=(4, 4),
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
        decoder=codec,
    ),
    test_cfg=dict(flip_mode='heatmap', shift_heatmap=True),
)

train_dataloader = dict(dataset=dict(pipeline=topdown_train_pipeline(codec)))
val_dataloader = dict(dataset=dict(pipeline=topdown_test_pipeline(codec)))
test_dataloader = val_dataloader
