# Shared settings of deploy configs for part affinity fields.
_base_ = './pose-detection_ae.py'

ir_config = dict(output_names=['heatmaps', 'fields'])
