_base_ = ['./_base_/dynamic.py', './_base_/tensorrt.py']

backend_config = dict(
    model_inputs=[
        dict(
            input_shapes=dict(
                inputs=dict(
                    min_shape=(1, 3, 64, 64),
                    opt_shape=(1, 3, 448, 640),
                    max_shape=(1, 3, 1024, 1024),
                )
            )
        )
    ]
)
