# LitePose's backbone under MMPose's top-down heatmap head, after MMPose's MobileNetV2 recipe.
_base_ = (
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_mobilenetv2_8xb64-210e_coco-256x192.py'
)

custom_imports = dict(imports=['litepose_mm.modules'])

model = dict(
    backbone=dict(_delete_=True, type='LitePose', arch='litepose-s', out_indices=(4,)),
    # The deepest feature has stride 16: two transposed convolutions reach stride 4.
    head=dict(in_channels=120, deconv_out_channels=(256, 256), deconv_kernel_sizes=(4, 4)),
)
