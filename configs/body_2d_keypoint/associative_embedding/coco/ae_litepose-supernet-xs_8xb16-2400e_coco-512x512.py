_base_ = [
    '../../../_base_/models/ae_litepose_supernet.py',
    '../../../_base_/datasets/coco_search_512x512.py',
    '../../../_base_/schedules/ae_2400e.py',
]

# The space of the paper's XS (LitePose section 5.1). Each step trains one of its networks.
search_space = 'litepose-xs'

model = dict(
    backbone=dict(arch='prune-l', kernel_sizes=[]),
    head=dict(arch='prune-l', num_keypoints=17, decoder=_base_.codec),
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
