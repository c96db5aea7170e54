"""ONNX Runtime takes the ONNX file as it is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from ..quantization.base import Quantizer
from .base import Backend


def write(onnx_file: Path, folder: Path, precision: str) -> None:
    """Writes ``model.onnx``."""
    shutil.copyfile(onnx_file, folder / 'model.onnx')


def quantizer(*args: Any) -> Quantizer:
    """Its own quantiser."""
    from ..quantization.onnxruntime import OnnxRuntimeQuantizer

    return OnnxRuntimeQuantizer(*args)


# Its kernels for processors are of float32 and int8; float16 would be converted for each layer.
BACKEND = Backend(
    'onnxruntime',
    write,
    'runtime',
    precisions=('fp32',),
    quantizer=quantizer,
    int8_packages=('onnxruntime',),
)
