# What deploy configs of top-down models share; the graph takes one person's box at a time.
custom_imports = dict(imports=['litepose_mm.deploy.mmdeploy'])

codebase_config = dict(
    type='litepose_mm', task='PoseDetection', module=['litepose_mm.deploy.mmdeploy']
)

ir_config = dict(
    type='onnx',
    export_params=True,
    keep_initializers_as_inputs=False,
    opset_version=17,
    save_file='end2end.onnx',
    input_names=['input'],
    input_shape=(192, 256),  # width and height
    optimize=False,
)
