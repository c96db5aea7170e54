_base_ = ['./_base_/pose-detection_ae.py', './_base_/ncnn-fp16.py']

ir_config = dict(input_shape=(448, 448))
