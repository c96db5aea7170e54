# Any number of people pass through the network at once.
_base_ = './pose-detection_topdown.py'

ir_config = dict(
    output_names=['simcc_x', 'simcc_y'],
    dynamic_axes=dict(input={0: 'batch'}, simcc_x={0: 'batch'}, simcc_y={0: 'batch'}),
)
