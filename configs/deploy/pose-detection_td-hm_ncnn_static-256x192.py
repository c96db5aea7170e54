_base_ = ['./_base_/pose-detection_topdown.py', './_base_/ncnn.py']

ir_config = dict(output_names=['output'])
