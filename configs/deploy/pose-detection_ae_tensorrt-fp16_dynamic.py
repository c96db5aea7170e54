_base_ = './pose-detection_ae_tensorrt_dynamic.py'

backend_config = dict(common_config=dict(fp16_mode=True))
