"""OpenVINO: the intermediate representation, two files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..quantization.base import Quantizer
from .base import Backend


def write(onnx_file: Path, folder: Path, precision: str) -> None:
    """Writes ``model.xml`` and ``model.bin``; with fp16, of half the size."""
    import openvino

    model = openvino.convert_model(onnx_file)
    openvino.save_model(model, folder / 'model.xml', compress_to_fp16=precision == 'fp16')


def quantizer(*args: Any) -> Quantizer:
    """NNCF."""
    from ..quantization.nncf import NncfQuantizer

    return NncfQuantizer(*args)


# Of a graph with int8 layers and an open shape, OpenVINO 2026.4 makes one with outputs of zeros.
BACKEND = Backend(
    'openvino',
    write,
    'openvino',
    packages=('openvino',),
    quantizer=quantizer,
    int8_any_shape=False,
    int8_packages=('nncf', 'onnxruntime'),
)
