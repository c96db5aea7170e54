_base_ = ['./_base_/dynamic_simcc.py', './_base_/onnxruntime.py']
