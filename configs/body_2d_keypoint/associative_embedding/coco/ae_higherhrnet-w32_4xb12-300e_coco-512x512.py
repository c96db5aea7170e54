_base_ = [
    '../../../_base_/models/ae_higherhrnet.py',
    '../../../_base_/datasets/coco_bottomup_512x512.py',
    '../../../_base_/schedules/ae_300e.py',
]

model = dict(head=dict(num_keypoints=17, decoder=_base_.codec))
train_dataloader = dict(batch_size=12)
auto_scale_lr = dict(base_batch_size=48)
