_base_ = 'mmpose::_base_/default_runtime.py'

# Registers everything of this package; must come before any of MMPose's modules is imported.
custom_imports = dict(imports=['litepose_mm.modules'])

# The metric that comes first is AP, under the prefix of its data set.
default_hooks = dict(checkpoint=dict(save_best='auto', rule='greater'))
