"""Gradients of depthwise convolutions on processors, compiled for the one at hand."""

import ctypes
import os
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from ...errors import LitePoseError

#: What the kernels are compiled for; other convolutions are torch's.
KERNEL_SIZES, STRIDES, DTYPES = (3, 5, 7), (1, 2), (torch.float32, torch.bfloat16)

_SOURCE = Path(__file__).with_name('depthwise.cpp')
_OPTIONS = ('-std=c++17', '-O3', '-march=native', '-fopenmp', '-shared', '-fPIC')


@cache
def kernels() -> ctypes.CDLL:
    """The compiled kernels, which takes some seconds once in a process.

    Nothing is kept for other processes, which may run on another processor.

    Raises:
        LitePoseError: There is no C++ compiler with OpenMP; its name is taken from ``CXX``.
    """
    compiler = os.environ.get('CXX', 'g++')
    with tempfile.TemporaryDirectory() as folder:
        library = os.path.join(folder, 'depthwise.so')
        command = [compiler, *_OPTIONS, str(_SOURCE), '-o', library]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
            # OpenMP is the one that torch has loaded: both share its threads.
            return ctypes.CDLL(library)
        except subprocess.CalledProcessError as error:
            said = (error.stderr.strip() or f'exit status {error.returncode}').splitlines()[0]
            raise LitePoseError(f'{compiler} cannot compile {_SOURCE.name}: {said}') from None
        except OSError as error:
            raise LitePoseError(f'{compiler}: {error}') from None


# Operators of torch, so that torch.compile takes networks with them.


@torch.library.custom_op('litepose_mm::depthwise_weight_gradient', mutates_args=())
def weight_gradient(
    x: Tensor, grad: Tensor, kernel_size: int, stride: int, padding_y: int, padding_x: int
) -> Tensor:
    """Gradient ``(C, 1, k, k)`` of the weights, in float32.

    Args:
        x: Maps ``(B, C, H, W)``, one of :data:`DTYPES`.
        grad: Gradient of the output ``(B, C, H', W')``, of the same type.
        kernel_size: ``k``, one of :data:`KERNEL_SIZES`.
        stride: One of :data:`STRIDES`.
        padding_y: Zeros at top and bottom.
        padding_x: Zeros at left and right.
    """
    x, grad = _channels_last(x), _channels_last(grad)
    sums = torch.empty(*x.shape[:2], kernel_size, kernel_size)
    _run(
        kernels().depthwise_weight_gradient,
        (*x.shape, *grad.shape[2:], kernel_size, stride, padding_y, padding_x),
        (x, grad, sums),
    )
    return sums.sum(0).unsqueeze(1)


@weight_gradient.register_fake
def _(x, grad, kernel_size, stride, padding_y, padding_x):
    return x.new_empty(x.shape[1], 1, kernel_size, kernel_size, dtype=torch.float32)


@torch.library.custom_op('litepose_mm::depthwise_input_gradient', mutates_args=())
def input_gradient(
    grad: Tensor,
    weight: Tensor,
    height: int,
    width: int,
    stride: int,
    padding_y: int,
    padding_x: int,
) -> Tensor:
    """Gradient ``(B, C, H, W)`` of the maps, of the type of ``grad``.

    Args:
        grad: Gradient of the output ``(B, C, H', W')``, one of :data:`DTYPES`.
        weight: Kernels ``(C, 1, k, k)``, ``k`` one of :data:`KERNEL_SIZES`.
        height: ``H``.
        width: ``W``.
        stride: One of :data:`STRIDES`.
        padding_y: Zeros at top and bottom.
        padding_x: Zeros at left and right.
    """
    grad = _channels_last(grad)
    taps = weight.float().squeeze(1).permute(1, 2, 0).contiguous()
    x_grad = _empty_maps(grad, height, width)
    _run(
        kernels().depthwise_input_gradient,
        (*x_grad.shape, *grad.shape[2:], weight.shape[-1], stride, padding_y, padding_x),
        (grad, taps, x_grad),
    )
    return x_grad


@input_gradient.register_fake
def _(grad, weight, height, width, stride, padding_y, padding_x):
    return _empty_maps(grad, height, width)


def _channels_last(maps: Tensor) -> Tensor:
    return maps.contiguous(memory_format=torch.channels_last)


def _empty_maps(like: Tensor, height: int, width: int) -> Tensor:
    shape = (*like.shape[:2], height, width)
    return torch.empty(
        shape, dtype=like.dtype, device=like.device, memory_format=torch.channels_last
    )


def _run(kernel, shape: Sequence[int], tensors: Sequence[Tensor]) -> None:
    taken = kernel(
        (ctypes.c_int64 * len(shape))(*shape),
        ctypes.c_int(tensors[0].dtype == torch.bfloat16),
        *(ctypes.c_void_p(tensor.data_ptr()) for tensor in tensors),
        ctypes.c_int(torch.get_num_threads()),
    )
    assert taken, f'no kernel for {tuple(shape)}'
