_base_ = (
    '../../../configs/body_2d_keypoint/associative_embedding/crowdpose/'
    'ae_litepose-xs_8xb16-500e_crowdpose-256x256.py'
)

custom_imports = dict(imports=['litepose_mm.modules', 'cpu_training'])
custom_hooks = [dict(type='ReuseMemoryHook'), dict(type='CPUKernelsHook')]
