"""Export models for the engines that are compared."""

from pathlib import Path

from torch import nn

from litepose_mm.deploy import export_model
from litepose_mm.deploy.tuning import model_kernels

#: Engines with their precisions.
ENGINES = (
    'onnxruntime-fp32',
    'onnxruntime-int8',
    'openvino-fp32',
    'openvino-bf16',
    'openvino-int8',
    'tvm-fp32',
    'ncnn-fp32',
    'ncnn-fp16',
    'ncnn-bf16',
)


def export_candidate(
    model: nn.Module,
    candidate: str,
    folder: Path,
    input_shape: tuple[int, int],
    calibration: Path,
) -> None:
    """Export a built model for ``candidate`` (engine-precision), with one input size only.

    Kernels of TVM that are not tuned yet are tuned first, into the user's database.
    """
    engine, precision = candidate.split('-')
    if engine == 'tvm':
        from litepose_mm.tvm.build import tuned_kernels
        from litepose_mm.tvm.targets import HOST, get_device

        device = get_device(HOST)
        tuned_kernels(model_kernels(model, device, input_shape), device)
    export_model(
        model,
        None,
        folder,
        engine=engine,
        precision=precision,
        input_shape=input_shape,
        flip_test=False,
        calibration=calibration if precision == 'int8' else None,
    )
