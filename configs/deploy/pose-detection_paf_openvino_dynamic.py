_base_ = ['./_base_/dynamic_paf.py', './_base_/openvino.py']
