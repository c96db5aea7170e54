_base_ = './ae_litepose-l_8xb16-500e_coco-512x512.py'
from litepose_mm.recipes import ae_schedule

# Heatmaps only: tags learned from scratch come out poor (LitePose section 5.2).
train_cfg, param_scheduler = ae_schedule('pretrain')
model = dict(head=dict(tag_loss=dict(pull_weight=0, push_weight=0)))
