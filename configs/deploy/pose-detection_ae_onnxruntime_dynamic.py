_base_ = ['./_base_/dynamic.py', './_base_/onnxruntime.py']
