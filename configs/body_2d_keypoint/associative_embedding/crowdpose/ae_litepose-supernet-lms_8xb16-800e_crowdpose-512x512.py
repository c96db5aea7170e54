_base_ = './ae_litepose-supernet-xs_8xb16-2400e_crowdpose-512x512.py'
from litepose_mm.recipes import (
    ae_schedule,
    supernet_hooks,
    training_hooks,
)

# The space of the paper's L, M and S (LitePose section 5.1).
search_space = 'litepose-lms'
train_cfg, param_scheduler = ae_schedule('supernet-lms')
custom_hooks = training_hooks(
    *supernet_hooks(search_space, 'litepose-s', 'litepose-m', 'litepose-l')
)
