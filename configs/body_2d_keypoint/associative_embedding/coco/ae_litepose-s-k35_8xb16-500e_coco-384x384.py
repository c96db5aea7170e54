# LitePose-S with narrower kernels and 384x384: less time than YOLO26n-pose at 640x640.
# It is not trained, so its AP is unknown.
_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/coco_bottomup_384x384.py',
    '../../../_base_/schedules/ae_500e.py',
]

model = dict(
    backbone=dict(
        arch=dict(
            img_size=384,
            input_channel=16,
            deconv_setting=[32, 24, 32],
            backbone_setting=[
                dict(num_blocks=6, stride=2, channel=16, block_setting=[[6, 3]] * 6),
                dict(num_blocks=8, stride=2, channel=32, block_setting=[[6, 3]] * 8),
                dict(num_blocks=10, stride=2, channel=48, block_setting=[[6, 5]] * 10),
                dict(num_blocks=10, stride=1, channel=128, block_setting=[[6, 5]] * 10),
            ],
        )
    ),
    head=dict(
        arch=dict(
            img_size=384,
            input_channel=16,
            deconv_setting=[32, 24, 32],
            backbone_setting=[
                dict(num_blocks=6, stride=2, channel=16, block_setting=[[6, 3]] * 6),
                dict(num_blocks=8, stride=2, channel=32, block_setting=[[6, 3]] * 8),
                dict(num_blocks=10, stride=2, channel=48, block_setting=[[6, 5]] * 10),
                dict(num_blocks=10, stride=1, channel=128, block_setting=[[6, 5]] * 10),
            ],
        ),
        num_keypoints=17,
        decoder=_base_.codec,
    ),
)
