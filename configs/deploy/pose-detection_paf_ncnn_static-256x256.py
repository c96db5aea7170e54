_base_ = ['./_base_/pose-detection_paf.py', './_base_/ncnn.py']

ir_config = dict(input_shape=(256, 256))
