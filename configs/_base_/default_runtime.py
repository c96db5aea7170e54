_base_ = 'mmpose::_base_/default_runtime.py'
from litepose_mm.recipes import training_hooks

# Registers everything of this package; must come before any of MMPose's modules is imported.
custom_imports = dict(imports=['litepose_mm.modules'])

# Checkpoints are plain data, whole, and resumed to the same bits; the metric that comes first is
# AP, under the prefix of its data set. Validation draws a few pictures, the same ones each time.
default_hooks = dict(
    checkpoint=dict(
        type='SafeCheckpointHook', interval=1, max_keep_ckpts=3, save_best='auto', rule='greater'
    ),
    visualization=dict(type='PosePicturesHook', enable=True, max_pictures=4),
)
custom_hooks = training_hooks()

# TensorBoard's files are in the folder of the log, where TensorBoard is installed.
vis_backends = [dict(type='LocalVisBackend'), dict(type='OptionalTensorboardVisBackend')]
visualizer = dict(vis_backends=vis_backends)
log_processor = dict(type='ReadableLogProcessor', num_digits=4)
