_base_ = [
    '../../../_base_/models/ae_litepose_supernet.py',
    '../../../_base_/datasets/crowdpose_search_512x512.py',
    '../../../_base_/schedules/ae_800e.py',
]

# The space of the paper's L, M and S (LitePose section 5.1).
search_space = 'litepose-lms'

model = dict(
    backbone=dict(arch='prune-l', kernel_sizes=[]),
    head=dict(arch='prune-l', num_keypoints=14, decoder=_base_.codec),
)
custom_hooks = [
    dict(type='SortChannelsHook'),
    dict(type='ArchitectureSamplingHook', space=search_space, samples=1),
    # Besides the largest network, half of its widths, the published networks and the smallest one.
    dict(
        type='SubnetValidationHook',
        space=search_space,
        subnets=[0.5, 'litepose-s', 'litepose-m', 'litepose-l', 'smallest'],
    ),
]
