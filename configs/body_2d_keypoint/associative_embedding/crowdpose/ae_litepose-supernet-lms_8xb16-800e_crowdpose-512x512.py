_base_ = './ae_litepose-supernet-xs_8xb16-2400e_crowdpose-512x512.py'
from litepose_mm.recipes import ae_schedule, training_hooks

# The space of the paper's L, M and S (LitePose section 5.1).
search_space = 'litepose-lms'
train_cfg, param_scheduler = ae_schedule('supernet-lms')
custom_hooks = training_hooks(
    dict(type='ArchitectureSamplingHook', space=search_space),
    dict(
        type='SubnetValidationHook',
        space=search_space,
        subnets=['smallest', 0.5, 'litepose-s', 'litepose-m', 'litepose-l', 'largest'],
    ),
)
