# Inputs are any number of images of any size with sides that are multiples of 8.
_base_ = './pose-detection_paf.py'

ir_config = dict(
    dynamic_axes=dict(
        inputs={0: 'batch', 2: 'height', 3: 'width'},
        heatmaps={0: 'batch', 2: 'map_height', 3: 'map_width'},
        fields={0: 'batch', 2: 'map_height', 3: 'map_width'},
    )
)
