_base_ = [
    '../../../_base_/models/paf_lightweight_openpose.py',
    '../../../_base_/datasets/coco_paf_368x368.py',
    '../../../_base_/schedules/paf_280e.py',
]

train_dataloader = dict(batch_size=10)
model = dict(head=dict(decoder=_base_.codec))
