_base_ = (
    '../../../configs/body_2d_keypoint/associative_embedding/synthetic/'
    'ae_litepose-xs_1xb8-3e-finetune_synthetic-256x256.py'
)

custom_imports = dict(imports=['litepose_mm.modules', 'synthetic_people.dataset'])

train_dataloader = dict(dataset=dict(type='ClothedPeopleDataset'))
val_dataloader = dict(dataset=dict(type='ClothedPeopleDataset'))
test_dataloader = dict(dataset=dict(type='ClothedPeopleDataset'))
