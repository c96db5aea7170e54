# Shared settings of all bottom-up deploy configs; the import registers the plugin with MMDeploy.
custom_imports = dict(imports=['litepose_mm.deploy.mmdeploy'])

codebase_config = dict(
    type='litepose_mm',
    task='PoseDetection',
    model_type='end2end',
    module=['litepose_mm.deploy.mmdeploy'],
    # 'maps', or 'candidates': see MultiLevelAEHead.deploy_decoder.
    outputs='maps',
    # Whether the graph also runs the mirrored image, which doubles the time. None follows the model
    # config.
    flip_test=False,
)

ir_config = dict(
    type='onnx',
    export_params=True,
    keep_initializers_as_inputs=False,
    opset_version=17,
    save_file='end2end.onnx',
    input_names=['inputs'],
    output_names=['heatmaps', 'tags'],
    input_shape=None,  # width and height
    optimize=False,
)
