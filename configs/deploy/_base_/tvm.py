backend_config = dict(type='tvm', target='host', allow_untuned=False)
