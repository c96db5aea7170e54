"""Compile the C++ sources of this folder for the CPU of this machine."""

from __future__ import annotations

import ctypes
import os
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from litepose_mm.errors import LitePoseError

#: Types of maps that the kernels support.
DTYPES = (torch.float32, torch.bfloat16)

_FOLDER = Path(__file__).parent
_SOURCES = ('depthwise.cpp', 'batch_norm.cpp')
_OPTIONS = ('-std=gnu++17', '-O3', '-march=native', '-fopenmp', '-shared', '-fPIC')


@cache
def library() -> ctypes.CDLL:
    """Compile and load the kernels, which takes some seconds once per process.

    Nothing is cached for other processes, which may run on another CPU. ``CXX`` names the compiler.

    Raises:
        LitePoseError: There is no C++ compiler with OpenMP.
    """
    compiler = os.environ.get('CXX', 'g++')
    sources = [str(_FOLDER / name) for name in _SOURCES]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'kernels.so')
        try:
            subprocess.run(
                [compiler, *_OPTIONS, *sources, '-o', path],
                check=True,
                capture_output=True,
                text=True,
            )
            # torch has already loaded OpenMP, so that both share its threads.
            return ctypes.CDLL(path)
        except subprocess.CalledProcessError as error:
            reason = (error.stderr.strip() or f'exit status {error.returncode}').splitlines()[0]
        except OSError as error:
            reason = str(error)
    raise LitePoseError(f'{compiler}: expected a C++ compiler with OpenMP: {reason}')


def call(name: str, shape: Sequence[int], tensors: Sequence[Tensor], *numbers: float) -> int:
    """Call a kernel.

    Args:
        name: Name of the function.
        shape: Numbers of its ``Shape``.
        tensors: Inputs and outputs; the first one has the type of the maps.
        numbers: Further arguments.
    """
    return getattr(library(), name)(
        (ctypes.c_int64 * len(shape))(*shape),
        ctypes.c_int(tensors[0].dtype == torch.bfloat16),
        ctypes.c_int(torch.get_num_threads()),
        *(ctypes.c_void_p(tensor.data_ptr()) for tensor in tensors),
        *map(ctypes.c_float, numbers),
    )


def channels_last(maps: Tensor) -> Tensor:
    """Convert maps to the memory format of the kernels."""
    return maps.contiguous(memory_format=torch.channels_last)


def empty_maps(shape: Sequence[int], reference: Tensor) -> Tensor:
    """Allocate the output maps of a kernel, with the type and device of other maps."""
    options = dict(dtype=reference.dtype, device=reference.device)
    return torch.empty(tuple(shape), **options, memory_format=torch.channels_last)
