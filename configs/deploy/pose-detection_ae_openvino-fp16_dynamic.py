_base_ = ['./_base_/dynamic.py', './_base_/openvino-fp16.py']
