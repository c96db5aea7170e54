_base_ = ['./_base_/pose-detection_ae.py', './_base_/tvm.py']

ir_config = dict(input_shape=(256, 256))
