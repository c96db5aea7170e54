# Inputs are any number of images of any size with sides that are multiples of 64.
_base_ = './pose-detection_ae.py'

ir_config = dict(
    dynamic_axes=dict(
        inputs={0: 'batch', 2: 'height', 3: 'width'},
        heatmaps={0: 'batch', 2: 'heatmap_height', 3: 'heatmap_width'},
        tags={0: 'batch', 2: 'tag_height', 3: 'tag_width'},
    )
)
