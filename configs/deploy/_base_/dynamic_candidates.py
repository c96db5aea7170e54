# The outputs are only a few kilobytes; missing keypoints are not searched for.
_base_ = './pose-detection_ae.py'

codebase_config = dict(outputs='candidates')
ir_config = dict(
    output_names=['values', 'positions', 'tags'],
    dynamic_axes=dict(
        inputs={0: 'batch', 2: 'height', 3: 'width'},
        values={0: 'batch'},
        positions={0: 'batch'},
        tags={0: 'batch'},
    ),
)
