_base_ = ['./_base_/pose-detection_topdown.py', './_base_/onnxruntime.py']

ir_config = dict(output_names=['output'])
