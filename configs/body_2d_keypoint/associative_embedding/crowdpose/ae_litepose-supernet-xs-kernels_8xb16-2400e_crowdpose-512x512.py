_base_ = [
    '../../../_base_/models/ae_litepose_supernet.py',
    '../../../_base_/datasets/crowdpose_search_512x512.py',
    '../../../_base_/schedules/ae_2400e.py',
]

# The space of XS with variable kernel sizes, as in the authors' supernets.
search_space = dict(
    largest='prune-l',
    img_sizes=[512, 448, 384, 320, 256],
    ratios=[1, 0.75, 0.5, 0.25],
    kernel_sizes=[7, 5, 3],
)

model = dict(
    backbone=dict(arch='prune-l', kernel_sizes=[7, 5, 3]),
    head=dict(arch='prune-l', num_keypoints=14, decoder=_base_.codec),
)
custom_hooks = [
    dict(type='SortChannelsHook'),
    dict(type='ArchitectureSamplingHook', space=search_space, samples=1),
    # Besides the largest network, half of its widths, the published networks and the smallest one.
    dict(
        type='SubnetValidationHook',
        space=search_space,
        subnets=[0.5, 'litepose-xs', 'litepose-s', 'litepose-m', 'litepose-l', 'smallest'],
    ),
]
