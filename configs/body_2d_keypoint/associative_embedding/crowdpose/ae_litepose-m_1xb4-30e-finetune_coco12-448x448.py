_base_ = [
    '../../../_base_/models/ae_litepose.py',
    '../../../_base_/datasets/crowdpose_bottomup_448x448.py',
    '../../../_base_/default_runtime.py',
]

# A network trained on CrowdPose is fine-tuned and evaluated on COCO's images with the 12 keypoints
# that both data sets have (tools/dataset_converters/combine_annotations.py --keypoints crowdpose).
load_from = 'checkpoints/litepose-m_crowdpose.pth'

model = dict(
    norm_eval=True,
    backbone=dict(arch='litepose-m'),
    head=dict(arch='litepose-m', num_keypoints=14, decoder=_base_.codec),
    test_cfg=dict(flip_test=False),
)

train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        data_root='data/coco12/',
        ann_file='annotations.json',
        data_prefix=dict(img=''),
        # Images are not augmented. People without labels, whom only COCO has, are masked.
        pipeline=[
            dict(type='LoadImage'),
            dict(
                type='BottomupRandomAffineAlign',
                input_size=(448, 448),
                scale_factor=(1, 1),
                rotate_factor=0,
                shift_factor=0.5,
                keep_inside=True,
            ),
            dict(type='RandomFlip', direction='horizontal', prob=0.0),
            dict(type='GenerateTarget', encoder=_base_.codec),
            dict(type='MultiLevelHeatmapMask', use_segments=True),
            dict(type='PackMultiScaleInputs', with_annotations=False),
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(data_root='data/coco12/', ann_file='annotations.json', data_prefix=dict(img=''))
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file='data/coco12/annotations.json', iou_type='keypoints', use_area=True)
test_evaluator = val_evaluator

train_cfg = dict(by_epoch=True, max_epochs=30, val_begin=1, val_interval=5)
# The learning rate is low, because a higher one first destroys what the network has learned.
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-4))
auto_scale_lr = dict(base_batch_size=4)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, begin=0, end=20, by_epoch=False),
    dict(type='CosineAnnealingLR', eta_min_ratio=0.01, begin=0, end=30, convert_to_iter_based=True),
]
