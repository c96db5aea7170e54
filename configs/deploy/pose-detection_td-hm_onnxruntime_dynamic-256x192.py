_base_ = ['./_base_/dynamic_td-hm.py', './_base_/onnxruntime.py']
