_base_ = ['./_base_/pose-detection_ae.py', './_base_/tensorrt.py']

ir_config = dict(input_shape=(448, 448))
shape = (1, 3, 448, 448)
backend_config = dict(
    model_inputs=[
        dict(input_shapes=dict(inputs=dict(min_shape=shape, opt_shape=shape, max_shape=shape)))
    ]
)
