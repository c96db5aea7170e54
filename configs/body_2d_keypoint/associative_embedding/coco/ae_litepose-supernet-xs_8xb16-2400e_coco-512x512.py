_base_ = [
    '../../../_base_/models/ae_litepose_supernet.py',
    '../../../_base_/datasets/coco_search.py',
    '../../../_base_/schedules/ae.py',
]
from litepose_mm.recipes import (
    ae_codec,
    ae_schedule,
    ae_test_pipeline,
    ae_train_pipeline,
    supernet_hooks,
    supernet_model,
    training_hooks,
)

# The space of the paper's XS (LitePose section 5.1); one of its networks learns in each step.
search_space = 'litepose-xs'
codec = ae_codec(input_size=(512, 512))

model = supernet_model(search_space, num_keypoints=17, decoder=codec)
train_dataloader = dict(dataset=dict(pipeline=ae_train_pipeline(codec)))
val_dataloader = dict(dataset=dict(pipeline=ae_test_pipeline(codec)))
test_dataloader = val_dataloader
search_dataloader = val_dataloader
train_cfg, param_scheduler = ae_schedule('supernet-xs')
custom_hooks = training_hooks(
    *supernet_hooks(search_space, 'litepose-xs', 'litepose-s', 'litepose-m', 'litepose-l')
)
# What extracted networks are trained by.
finetune = dict(zip(('train_cfg', 'param_scheduler'), ae_schedule('finetune-coco')))
