_base_ = './ae_litepose-m_8xb16-500e_crowdpose-448x448.py'
from litepose_mm.recipes import ae_codec, ae_train_pipeline, warmup_cosine

# A network trained on CrowdPose goes on with COCO's pictures and the 12 joints both have, on which
# it is evaluated, too (tools/dataset_converters/combine_annotations.py --keypoints crowdpose).
codec = ae_codec(input_size=(448, 448))
epochs = 30
few = dict(data_root='data/coco12/', ann_file='annotations.json', data_prefix=dict(img=''))
load_from = 'checkpoints/litepose-m_crowdpose.pth'

model = dict(norm_eval=True, test_cfg=dict(flip_test=False))
# Pictures as they are. People without labels are masked, which COCO has and CrowdPose has not.
pipeline = ae_train_pipeline(
    codec, flip=0, scale_factor=(1, 1), rotate_factor=0, shift_factor=0.5, keep_inside=True
)
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=pipeline, **few))
val_dataloader = dict(dataset=few)
test_dataloader = val_dataloader
val_evaluator = dict(
    ann_file=few['data_root'] + few['ann_file'], iou_type='keypoints', use_area=True
)
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=epochs, val_begin=1, val_interval=5)
# Small steps: larger ones first destroy what the network has learned.
optim_wrapper = dict(optimizer=dict(lr=1e-4))
auto_scale_lr = dict(base_batch_size=4)
param_scheduler = warmup_cosine(epochs, warmup_iterations=20)
