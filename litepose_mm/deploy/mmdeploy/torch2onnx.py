"""MMDeploy's ``torch2onnx``, which can also write ONNX for TensorRT without CUDA."""

from __future__ import annotations

import os
import os.path as osp
from typing import Any

import mmdeploy.apis
from mmdeploy.apis.onnx import export
from mmdeploy.utils import Backend, get_backend, get_ir_config, load_config

from .codebase import LitePoseCodebase


def torch2onnx(
    img: Any,
    work_dir: str,
    save_file: str,
    deploy_cfg: Any,
    model_cfg: Any,
    model_checkpoint: str | None = None,
    device: str = 'cpu',
) -> None:
    """Write a model as ONNX, with the arguments of :func:`mmdeploy.apis.torch2onnx`.

    MMDeploy's own function refuses TensorRT on a CPU, although only the engine needs a GPU, and
    not the ONNX file.

    Raises:
        LitePoseError: The configs do not fit each other, or the weights do not fit.
    """
    deploy_cfg, model_cfg = load_config(deploy_cfg, model_cfg)
    if get_backend(deploy_cfg) != Backend.TENSORRT or device != 'cpu':
        mmdeploy.apis.torch2onnx(
            img, work_dir, save_file, deploy_cfg, model_cfg, model_checkpoint, device
        )
        return
    LitePoseCodebase.register_all_modules()
    task = LitePoseCodebase.build_task_processor(model_cfg, deploy_cfg, device)
    model, config = task.build_pytorch_model(model_checkpoint), get_ir_config(deploy_cfg)
    os.makedirs(work_dir, exist_ok=True)
    data, inputs = task.create_input(img, data_preprocessor=model.data_preprocessor)
    export(
        model,
        inputs,
        osp.join(work_dir, osp.splitext(save_file)[0]),
        backend=Backend.TENSORRT,
        input_metas=dict(data_samples=data['data_samples'], mode='predict'),
        context_info=dict(deploy_cfg=deploy_cfg),
        input_names=config.input_names,
        output_names=config.output_names,
        opset_version=config.opset_version,
        dynamic_axes=config.get('dynamic_axes'),
        keep_initializers_as_inputs=config.keep_initializers_as_inputs,
    )
