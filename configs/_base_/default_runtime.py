_base_ = 'mmpose::_base_/default_runtime.py'

# Registers everything of this package; must come before any of MMPose's modules is imported.
custom_imports = dict(imports=['litepose_mm.modules'])

# Checkpoints are plain data, whole, and resumed to the same bits; the metric that comes first is
# AP, under the prefix of its data set.
default_hooks = dict(
    checkpoint=dict(
        type='SafeCheckpointHook', interval=1, max_keep_ckpts=3, save_best='auto', rule='greater'
    )
)
custom_hooks = [
    dict(type='SyncBuffersHook'),
    dict(type='ReproducibleEpochsHook'),
    dict(type='NonFiniteLossHook'),
    dict(type='BadSampleHook', policy='stop'),
]
