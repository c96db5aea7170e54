_base_ = (
    '../../../configs/body_2d_keypoint/associative_embedding/synthetic/'
    'ae_litepose-supernet-s_1xb8-6e_synthetic-192x192.py'
)

custom_imports = dict(imports=['litepose_mm.modules', 'synthetic_people.dataset'])

train_dataloader = dict(dataset=dict(type='ClothedPeopleDataset'))
val_dataloader = dict(dataset=dict(type='ClothedPeopleDataset'))
test_dataloader = dict(dataset=dict(type='ClothedPeopleDataset'))
search_dataloader = dict(dataset=dict(type='ClothedPeopleDataset'))
