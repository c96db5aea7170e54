_base_ = './ae_litepose-xs_1xb16-50e_people-256x256.py'
from litepose_mm.recipes import warmup_cosine, weights_of

# LitePose-S, in the same way. A sample of 256 costs a third of one of 448.
arch = 'litepose-s'
epochs = 30
load_from = weights_of('litepose-s_crowdpose')

model = dict(backbone=dict(arch=arch), head=dict(arch=arch))
train_cfg = dict(max_epochs=epochs)
param_scheduler = warmup_cosine(epochs)
