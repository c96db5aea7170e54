"""TensorRT: an ONNX file and the command that makes an engine of it where the GPU is.

An engine fits one GPU and one version of TensorRT only, so it cannot be made elsewhere.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from .base import Backend

COMMAND_NAME = 'trtexec.txt'

# Of an input whose shape is open: the smallest, the usual and the largest, (height, width). Larger
# ones take more memory when the engine is made; edit the command where others are needed.
_SHAPES = {'min': (64, 64), 'opt': (448, 640), 'max': (1024, 1024)}


def write(onnx_file: Path, folder: Path, precision: str) -> None:
    """Writes ``model.onnx`` and ``trtexec.txt``, a line for a shell in this folder."""
    import onnx

    shutil.copyfile(onnx_file, folder / 'model.onnx')
    model = onnx.load(onnx_file)
    is_open = any(side.dim_param for side in model.graph.input[0].type.tensor_type.shape.dim)
    shapes = [
        f'--{name}Shapes=inputs:1x3x{height}x{width}' for name, (height, width) in _SHAPES.items()
    ]
    command = ['trtexec', '--onnx=model.onnx', '--saveEngine=model.engine', *shapes * is_open]
    (folder / COMMAND_NAME).write_text(' '.join(command) + '\n', encoding='utf-8')


BACKEND = Backend('tensorrt', write, 'export', precisions=('fp32',), has_runtime=False)
