backend_config = dict(type='ncnn', precision='fp32')
