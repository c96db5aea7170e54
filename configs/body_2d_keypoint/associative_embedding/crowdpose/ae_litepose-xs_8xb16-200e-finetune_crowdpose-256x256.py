_base_ = './ae_litepose-xs_8xb16-500e_crowdpose-256x256.py'
from litepose_mm.recipes import ae_schedule

# From a trained network, its head included (LitePose section 5.2).
train_cfg, param_scheduler = ae_schedule('finetune-crowdpose')
load_from = 'checkpoints/litepose-xs_crowdpose.pth'
