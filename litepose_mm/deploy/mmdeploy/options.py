"""Read and check the options of deploy configs."""

from __future__ import annotations

from mmdeploy.utils import (
    Backend,
    get_backend,
    get_backend_config,
    get_codebase_config,
    get_common_config,
    get_ir_config,
)
from mmdeploy.utils.config_utils import is_dynamic_shape
from mmengine.config import Config

from ...decoding import Decoder
from ...errors import LitePoseError
from ...inference.engines import get_engine

#: Kinds of outputs, and whether their decoders leave part of the work to the graph.
_OUTPUTS = {'maps': False, 'candidates': True}
_BACKENDS = (Backend.ONNXRUNTIME, Backend.OPENVINO, Backend.NCNN, Backend.TENSORRT, Backend.TVM)


def get_outputs(deploy_cfg: Config) -> str:
    """Return the kind of outputs, ``'maps'`` or ``'candidates'``.

    Raises:
        LitePoseError: The kind is unknown, the names of the outputs do not fit it, or the backend
            does not support it.
    """
    backend = get_backend(deploy_cfg)
    if backend not in _BACKENDS:
        raise LitePoseError(
            f'backend_config.type: expected one of {", ".join(each.value for each in _BACKENDS)}, '
            f'got {backend.value!r}, which is not supported'
        )
    outputs = get_codebase_config(deploy_cfg).get('outputs', 'maps')
    if outputs not in _OUTPUTS:
        raise LitePoseError(
            f'codebase_config.outputs: expected {" or ".join(_OUTPUTS)}, got {outputs!r}'
        )
    names = get_ir_config(deploy_cfg).get('output_names')
    known = [
        list(decoder.output_names)
        for decoder in Decoder.kinds().values()
        if decoder.works_in_graph == _OUTPUTS[outputs]
    ]
    if list(names or []) not in known:
        raise LitePoseError(
            f'ir_config.output_names: expected {" or ".join(map(str, known))} for '
            f'outputs={outputs!r}, got {names}'
        )
    engine = get_engine(backend.value)
    if outputs != 'maps' and not engine.runs_decoding:
        raise LitePoseError(
            f"codebase_config.outputs: expected 'maps' for {engine.name}, which lacks operators of "
            f'{outputs!r}, got {outputs!r}; export maps, or use ONNX Runtime or OpenVINO'
        )
    if not engine.any_shape and is_dynamic_shape(deploy_cfg, 'inputs'):
        raise LitePoseError(
            f'expected one input shape for {engine.name}, got dynamic axes; use a deploy config '
            'with static in its name'
        )
    return outputs


def check_outputs(deploy_cfg: Config, decoder: Decoder) -> None:
    """Check that a deploy config is for models with this decoder.

    Raises:
        LitePoseError: The names of the outputs are those of another one.
    """
    names = list(get_ir_config(deploy_cfg).get('output_names') or [])
    if names != list(decoder.output_names):
        raise LitePoseError(
            f'ir_config.output_names: expected {list(decoder.output_names)} for this model, got '
            f'{names}; use another deploy config'
        )


def get_static_shape(deploy_cfg: Config) -> tuple[int, int] | None:
    """Return width and height of a model with one input shape, or None.

    Raises:
        LitePoseError: The shape is static but missing.
    """
    if is_dynamic_shape(deploy_cfg, 'inputs'):
        return None
    shape = get_ir_config(deploy_cfg).get('input_shape')
    if shape is None or len(shape) != 2 or min(shape) < 1:
        raise LitePoseError(
            'ir_config.input_shape: expected width and height of the input, since there are no '
            f'dynamic axes, got {shape}'
        )
    return tuple(shape)


def get_precision(deploy_cfg: Config) -> str:
    """Return the precision of the backend; TensorRT has a separate option for float16.

    Raises:
        LitePoseError: The backend does not support the precision through MMDeploy.
    """
    backend = get_backend(deploy_cfg).value
    precision = get_backend_config(deploy_cfg).get('precision', 'fp32')
    if get_common_config(deploy_cfg).get('int8_mode'):
        precision = 'int8'
    known = get_engine(backend).precisions
    if precision not in known:
        own = ', or common_config.fp16_mode' if backend == 'tensorrt' else ''
        raise LitePoseError(
            f'backend_config: expected the precision {" or ".join(known)}{own} for {backend}, got '
            f'{precision!r}; `litepose export --precision int8` exports int8 models'
        )
    return precision
