_base_ = './ae_litepose-xs_1xb32-22e-distill-litepose-m_lspet-256x256.py'
from litepose_mm.recipes import (
    ae_codec,
    ae_test_pipeline,
    supernet_hooks,
    supernet_model,
    training_hooks,
    warmup_cosine,
)

# LitePose-M as a supernet whose narrow networks learn from M itself: down to the widths of XS.
search_space = dict(largest='litepose-m', img_sizes=[256], ratios=[1, 0.75, 2 / 3, 0.5, 0.25])
codec = ae_codec(input_size=(256, 256))
epochs = 1
load_from = 'checkpoints/litepose-m_crowdpose.pth'

model = supernet_model(search_space)
model['type'] = 'DistilledSupernetBottomupPoseEstimator'
find_unused_parameters = True
# The last pictures of training are the search's; those that are reported on are neither's.
train_dataloader = dict(batch_size=8, dataset=dict(indices=8900))
search_dataloader = dict(
    batch_size=1,
    num_workers=2,
    dataset=dict(
        type='CheckedCrowdPoseDataset',
        data_root='data/lspet/',
        data_mode='bottomup',
        ann_file='annotations.json',
        data_prefix=dict(img='images/'),
        indices=list(range(8900, 9000)),
        test_mode=True,
        pipeline=ae_test_pipeline(codec),
    ),
)
# Five networks are validated after an epoch: a fifth of the pictures will do.
val_dataloader = dict(dataset=dict(indices=list(range(9000, 9200))))

train_cfg = dict(max_epochs=epochs, val_interval=1)
auto_scale_lr = dict(base_batch_size=8)
param_scheduler = warmup_cosine(epochs)
custom_hooks = training_hooks(*supernet_hooks(search_space, 'litepose-xs'))
finetune = dict(train_cfg=dict(max_epochs=1, val_interval=1), param_scheduler=warmup_cosine(1))
