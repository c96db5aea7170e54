_base_ = './ae_litepose-m_8xb16-500e_crowdpose-448x448.py'
from litepose_mm.recipes import warmup_cosine

# A network trained on CrowdPose goes on with COCO's pictures and the 12 joints both have, on which
# it is evaluated, too (tools/dataset_converters/combine_annotations.py --keypoints crowdpose).
epochs = 30
few = dict(data_root='data/coco12/', ann_file='annotations.json', data_prefix=dict(img=''))
load_from = 'checkpoints/litepose-m.pth'

model = dict(test_cfg=dict(flip_test=False))
train_dataloader = dict(batch_size=4, dataset=few)
val_dataloader = dict(dataset=few)
test_dataloader = val_dataloader
val_evaluator = dict(
    ann_file=few['data_root'] + few['ann_file'], iou_type='keypoints', use_area=True
)
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=epochs, val_begin=1, val_interval=5)
optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = warmup_cosine(epochs, warmup_iterations=20)
