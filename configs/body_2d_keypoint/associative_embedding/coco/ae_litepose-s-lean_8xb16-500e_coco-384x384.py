# LitePose-S with fewer blocks, narrower kernels in the first stage, and 384x384, for less time than
# YOLO26n-pose at 640x640 (docs/peers.md). It is not trained, so its AP is unknown.
_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/coco_bottomup_384x384.py',
    '../../../_base_/schedules/ae_500e.py',
]

arch = dict(
    img_size=384,
    input_channel=16,
    deconv_setting=[32, 16, 16],
    # Expansion and kernel of each block.
    backbone_setting=[
        dict(num_blocks=4, stride=2, channel=16, block_setting=[[6, 5]] * 4),
        dict(num_blocks=8, stride=2, channel=32, block_setting=[[6, 7]] * 8),
        dict(num_blocks=10, stride=2, channel=48, block_setting=[[6, 7]] * 10),
        dict(num_blocks=10, stride=1, channel=112, block_setting=[[6, 7]] * 10),
    ],
)
model = dict(
    backbone=dict(arch=arch),
    head=dict(arch=arch, num_keypoints=17, decoder=_base_.codec),
)
