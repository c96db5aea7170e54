_base_ = ['./_base_/pose-detection_ae.py', './_base_/tensorrt-fp16.py']

ir_config = dict(input_shape=(512, 512))
shape = (1, 3, 512, 512)
backend_config = dict(
    model_inputs=[
        dict(input_shapes=dict(inputs=dict(min_shape=shape, opt_shape=shape, max_shape=shape)))
    ]
)
