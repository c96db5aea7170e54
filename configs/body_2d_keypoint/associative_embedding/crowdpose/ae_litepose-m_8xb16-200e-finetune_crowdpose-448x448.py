_base_ = './ae_litepose-m_8xb16-500e_crowdpose-448x448.py'
from litepose_mm.recipes import ae_schedule

# From a trained network, its head included (LitePose section 5.2).
train_cfg, param_scheduler = ae_schedule('finetune-crowdpose')
load_from = 'checkpoints/litepose-m_crowdpose.pth'
