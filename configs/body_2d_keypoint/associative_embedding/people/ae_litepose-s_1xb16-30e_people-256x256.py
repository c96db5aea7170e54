_base_ = './ae_litepose-xs_1xb16-50e_people-256x256.py'

# The same for LitePose-S. A sample of 256x256 takes a third of the time of one of 448x448.
load_from = 'litepose-s_crowdpose'

model = dict(backbone=dict(arch='litepose-s'), head=dict(arch='litepose-s'))

train_cfg = dict(max_epochs=30)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=100, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=30, convert_to_iter_based=True),
]
