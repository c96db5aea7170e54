"""TensorRT: writes an ONNX file and the command that builds an engine on the target machine.

A TensorRT engine only runs on the GPU and the TensorRT version for which it was built.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import LitePoseError
from .base import Engine

COMMAND_NAME = 'trtexec.txt'

#: The smallest, usual and largest shape (1, 3, height, width) of a dynamic input. Larger shapes
#: need more memory when the engine is built.
SHAPES = {'min': (1, 3, 64, 64), 'opt': (1, 3, 448, 640), 'max': (1, 3, 1024, 1024)}

#: The numbers of inputs where only the batch is open, as for the people of top-down models.
BATCHES = {'min': 1, 'opt': 4, 'max': 16}


def trtexec_command(
    onnx_file: str | Path, shapes: Mapping[str, Sequence[int]] | None, fp16: bool = False
) -> str:
    """Returns the shell command that builds a TensorRT engine beside an ONNX file.

    Args:
        onnx_file: The ONNX file.
        shapes: Shapes of a dynamic input, like :data:`SHAPES`; None if the shape is fixed.
        fp16: Whether the engine may compute in float16.
    """
    file = Path(onnx_file)
    words = ['trtexec', f'--onnx={file}', f'--saveEngine={file.with_suffix(".engine")}']
    for which, shape in (shapes or {}).items():
        words.append(f'--{which}Shapes=inputs:{"x".join(map(str, shape))}')
    return shlex.join([*words, *['--fp16'] * fp16])


class TensorRTEngine(Engine):
    """Writes ``model.onnx`` and the shell command ``trtexec.txt``; it does not run TensorRT."""

    name, extra = 'tensorrt', 'export'
    precisions = ('fp32',)

    @classmethod
    def write(cls, onnx_file: Path, folder: Path, precision: str) -> None:
        import onnx

        shutil.copyfile(onnx_file, folder / 'model.onnx')
        model = onnx.load(onnx_file)
        batch, *sides = model.graph.input[0].type.tensor_type.shape.dim
        shapes: Mapping[str, Sequence[int]] | None = None
        if any(side.dim_param for side in sides):
            shapes = SHAPES
        elif batch.dim_param:
            own = [side.dim_value for side in sides]
            shapes = {which: (count, *own) for which, count in BATCHES.items()}
        command = trtexec_command('model.onnx', shapes)
        (folder / COMMAND_NAME).write_text(f'{command}\n', encoding='utf-8')

    @classmethod
    def runs_here(cls, **options: Any) -> bool:
        return False

    def _load(self, folder: Path, threads: int | None) -> None:
        raise LitePoseError(
            f'the model in {folder} is for TensorRT, which this package does not run; '
            f'{COMMAND_NAME} contains the command that builds an engine on the target machine'
        )

    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        raise NotImplementedError
