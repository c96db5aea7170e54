_base_ = [
    '../../../_base_/models/ae_litepose_supernet.py',
    '../../../_base_/datasets/synthetic_bottomup.py',
    '../../../_base_/schedules/ae.py',
]
from litepose_mm.recipes import (
    ae_codec,
    ae_test_pipeline,
    ae_train_pipeline,
    quick_head,
    supernet_hooks,
    supernet_model,
    training_hooks,
    warmup_cosine,
    weights_of,
)

# The ratios of the paper's XS space at small resolutions, of LitePose-S, whose weights ship: a search
# for two processor cores. One or two large people, so that an hour of training tells networks apart
# (docs/search.md).
search_space = dict(largest='litepose-s', img_sizes=[192, 160, 128], ratios=[1, 0.75, 0.5, 0.25])
load_from = weights_of('litepose-s_crowdpose')
people = dict(people=(1, 2), scene=dict(stature=(0.6, 0.95), crowding=0, occluders=(0, 0)))
codec = ae_codec(input_size=(192, 192))
epochs = 6

model = supernet_model(search_space, num_keypoints=14, decoder=codec, **quick_head())
model['test_cfg'] = dict(flip_test=False)
pictures = ae_train_pipeline(
    codec, use_segments=False, scale_factor=(0.75, 1), rotate_factor=10, keep_inside=True
)
train_dataloader = dict(
    batch_size=8, dataset=dict(num_images=5000, cache='memory', pipeline=pictures, **people)
)
val_dataloader = dict(dataset=dict(num_images=200, pipeline=ae_test_pipeline(codec), **people))
test_dataloader = val_dataloader
# Other scenes than those that are reported on, for the search.
search_dataloader = dict(
    batch_size=1,
    dataset=dict(
        type='SyntheticPeopleDataset',
        seed=2,
        num_images=200,
        metainfo=dict(from_file='configs/_base_/datasets/crowdpose.py'),
        data_mode='bottomup',
        test_mode=True,
        pipeline=ae_test_pipeline(codec),
        **people,
    ),
)

optim_wrapper = dict(optimizer=dict(lr=2e-3))
auto_scale_lr = dict(base_batch_size=8)
train_cfg = dict(max_epochs=epochs, val_interval=2)
param_scheduler = warmup_cosine(epochs)
custom_hooks = training_hooks(
    *supernet_hooks(search_space),
)
# Extracted networks go on for 5 epochs. Those that are trained alone get 8, so that two of these see
# as many pictures as a supernet and two of its networks together.
finetune = dict(train_cfg=dict(max_epochs=5, val_interval=1), param_scheduler=warmup_cosine(5))
alone = dict(train_cfg=dict(max_epochs=8, val_interval=2), param_scheduler=warmup_cosine(8))
