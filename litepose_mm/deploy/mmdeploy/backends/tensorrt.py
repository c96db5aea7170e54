"""TensorRT: MMDeploy supports only TensorRT 8; for others, ``trtexec`` builds engines."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import mmdeploy.backend.tensorrt  # noqa: F401  registers its manager first
from mmdeploy.backend.base import BACKEND_MANAGERS
from mmdeploy.backend.tensorrt.backend_manager import TensorRTManager
from mmdeploy.utils import get_common_config, get_model_inputs
from mmdeploy.utils.config_utils import is_dynamic_shape
from mmengine.config import Config

from ....errors import LitePoseError
from ....inference.engines.tensorrt import SHAPES, trtexec_command


@BACKEND_MANAGERS.register('tensorrt')
class TrtexecManager(TensorRTManager):
    """MMDeploy's manager, which without TensorRT 8 tells how to build the engine."""

    @classmethod
    def to_backend(
        cls,
        ir_files: Sequence[str],
        work_dir: str,
        deploy_cfg: Any,
        **kwargs: Any,
    ) -> Sequence[str]:
        if not has_tensorrt_8():
            raise LitePoseError(
                f'wrote {", ".join(ir_files)}, but MMDeploy needs TensorRT 8, which is not '
                'installed, to build an engine; on the machine with the GPU, run: '
                + '; '.join(trtexec_line(deploy_cfg, file) for file in ir_files)
            )
        return super().to_backend(ir_files, work_dir, deploy_cfg, **kwargs)


def trtexec_line(deploy_cfg: Config, onnx_file: str) -> str:
    """Return the command that builds a TensorRT engine with the shapes of the config."""
    shapes = None
    if is_dynamic_shape(deploy_cfg, 'inputs'):
        own = get_model_inputs(deploy_cfg)[0].input_shapes['inputs']
        shapes = {which: own[f'{which}_shape'] for which in SHAPES}
    fp16 = bool(get_common_config(deploy_cfg).get('fp16_mode'))
    return trtexec_command(onnx_file, shapes, fp16)


def has_tensorrt_8() -> bool:
    """Return whether TensorRT 8, which MMDeploy supports, is installed."""
    if importlib.util.find_spec('tensorrt') is None:
        return False
    import tensorrt

    return int(tensorrt.__version__.partition('.')[0]) == 8
