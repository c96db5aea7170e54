# Any number of people pass through the network at once.
_base_ = './pose-detection_topdown.py'

ir_config = dict(
    output_names=['output'], dynamic_axes=dict(input={0: 'batch'}, output={0: 'batch'})
)
