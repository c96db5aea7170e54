# LitePose's backbone under MMPose's SimCC head, after MMPose's MobileNetV2 recipe.
_base_ = (
    'mmpose::body_2d_keypoint/simcc/coco/simcc_mobilenetv2_wo-deconv-8xb64-210e_coco-256x192.py'
)

custom_imports = dict(imports=['litepose_mm.modules'])

model = dict(
    backbone=dict(_delete_=True, type='LitePose', arch='litepose-s', out_indices=(4,)),
    # 192x256 pixels at stride 16.
    head=dict(in_channels=120, in_featuremap_size=(12, 16)),
)
