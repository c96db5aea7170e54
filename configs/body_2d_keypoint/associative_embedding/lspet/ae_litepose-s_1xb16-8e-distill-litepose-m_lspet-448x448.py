_base_ = './ae_litepose-xs_1xb32-22e-distill-litepose-m_lspet-256x256.py'
from litepose_mm.recipes import ae_codec, ae_test_pipeline, tile_pipeline, warmup_cosine

# LitePose-S, in the same way, at the size the teacher was trained at.
arch = 'litepose-s'
codec = ae_codec(input_size=(448, 448))
epochs = 8
load_from = 'checkpoints/litepose-s_narrowed.pth'

model = dict(
    data_preprocessor=dict(batch_augments=[dict(type='RandomMosaic', output_size=(448, 448))]),
    teacher_input_size=(448, 448),
    backbone=dict(arch=arch),
    head=dict(arch=arch, decoder=codec),
)
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=tile_pipeline(224)))
val_dataloader = dict(dataset=dict(pipeline=ae_test_pipeline(codec)))
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=epochs, val_interval=epochs)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
auto_scale_lr = dict(base_batch_size=16)
param_scheduler = warmup_cosine(epochs)
