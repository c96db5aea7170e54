_base_ = ['./_base_/pose-detection_ae.py', './_base_/onnxruntime.py']

ir_config = dict(input_shape=(512, 512))
