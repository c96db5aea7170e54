_base_ = ['./_base_/dynamic_candidates.py', './_base_/onnxruntime.py']
