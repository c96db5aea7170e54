_base_ = './topdown_efficientpose.py'

# A search space of EfficientPose's operations that two CPU cores can train: 11 blocks of a fraction
# of the small setting's widths, for inputs of 128x128 and COCO's 17 keypoints.
search_space = dict(
    family='efficientpose',
    largest=dict(
        img_size=128,
        input_channel=16,
        stages=[
            dict(channel=16, stride=2, blocks=['K7_E6'] * 2),
            dict(channel=24, stride=2, blocks=['K7_E6'] * 3),
            dict(channel=32, stride=2, blocks=['K7_E6'] * 4),
            dict(channel=48, stride=1, blocks=['K7_E6'] * 2),
        ],
        deconv_channels=[32, 24],
    ),
    kernel_sizes=[7, 5, 3],
    expansions=[6, 3],
)
model = dict(
    head=dict(in_channels=48, out_channels=17, deconv_out_channels=(32, 24)),
    test_cfg=dict(flip_test=False),
)
