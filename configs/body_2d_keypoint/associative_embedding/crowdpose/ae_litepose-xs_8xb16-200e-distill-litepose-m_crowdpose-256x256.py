_base_ = './ae_litepose-xs_8xb16-200e-distill-litepose-s_crowdpose-256x256.py'

# LitePose-XS also learns from LitePose-M's heatmaps. The teacher's weights can be the authors'
# checkpoint.
model = dict(
    teacher=dict(backbone=dict(arch='litepose-m'), head=dict(arch='litepose-m')),
    teacher_weights='checkpoints/litepose-m_crowdpose.pth',
)
