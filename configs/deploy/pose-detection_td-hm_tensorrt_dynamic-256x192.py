_base_ = ['./_base_/dynamic_td-hm.py', './_base_/tensorrt.py']

backend_config = dict(
    model_inputs=[
        dict(
            input_shapes=dict(
                input=dict(
                    min_shape=(1, 3, 256, 192),
                    opt_shape=(4, 3, 256, 192),
                    max_shape=(16, 3, 256, 192),
                )
            )
        )
    ]
)
