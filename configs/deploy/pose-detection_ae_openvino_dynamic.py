_base_ = ['./_base_/dynamic.py', './_base_/openvino.py']
