"""Quicker gradients of depthwise convolutions on processors."""

from __future__ import annotations

from types import MethodType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .depthwise_kernels import (
    DTYPES,
    KERNEL_SIZES,
    STRIDES,
    input_gradient,
    kernels,
    weight_gradient,
)


def quicken_depthwise(model: nn.Module) -> int:
    """Let every depthwise convolution of a model compute its gradients with compiled code.

    oneDNN has no kernel of its own for the weight gradient in channels-last order, nor in bfloat16
    for the input gradient at a stride of two: with 7x7 weights they take 10 to 100 times as long as
    the forward pass; these here take about as long (``benchmarks/training.py``). Weights, their
    names, and all results but for rounding stay what they are.

    Args:
        model: Changed in place. Convolutions with as many groups as channels are taken, in float32
            and under autocast to bfloat16; and layers of other types whose ``quick_gradient`` is
            False: it becomes True, for them to call :func:`quick_conv2d`.

    Returns:
        How many convolutions were changed.

    Raises:
        LitePoseError: There is no C++ compiler.
    """
    kernels()
    count = 0
    for layer in model.modules():
        if _is_depthwise(layer):
            layer.forward = MethodType(_forward, layer)
        elif getattr(layer, 'quick_gradient', None) is False:
            layer.quick_gradient = True
        else:
            continue
        count += 1
    return count


def _is_depthwise(layer: nn.Module) -> bool:
    return (
        type(layer) is nn.Conv2d
        and layer.groups == layer.in_channels == layer.out_channels > 1
        and layer.dilation == (1, 1)
        and layer.padding_mode == 'zeros'
        and not isinstance(layer.padding, str)
        and _is_taken(layer.weight, layer.stride)
    )


def _is_taken(weight: Tensor, stride: tuple[int, int]) -> bool:
    (height, width), (down, right) = weight.shape[2:], stride
    return height == width and down == right and height in KERNEL_SIZES and down in STRIDES


def _forward(self: nn.Conv2d, x: Tensor) -> Tensor:
    return quick_conv2d(x, self.weight, self.bias, self.stride, self.padding)


def quick_conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> Tensor:
    """A depthwise convolution with compiled gradients; without a kernel for them, torch's.

    Args:
        x: Maps ``(B, C, H, W)``.
        weight: Kernels ``(C, 1, k, k)``.
        bias: ``(C,)``, or none.
        stride: Down and to the right.
        padding: Zeros at top and bottom, left and right.
    """
    cast = torch.get_autocast_dtype('cpu') if torch.is_autocast_enabled('cpu') else x.dtype
    if (
        not torch.is_grad_enabled()
        or x.device.type != 'cpu'
        or cast not in DTYPES
        or not _is_taken(weight, stride)
    ):
        return F.conv2d(x, weight, bias, stride, padding, groups=weight.shape[0])
    return _DepthwiseConv.apply(x.to(cast), weight, bias, stride, padding)


class _DepthwiseConv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride, padding):
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        bias = None if bias is None else bias.to(x.dtype)
        return F.conv2d(x, weight.to(x.dtype), bias, stride, padding, groups=weight.shape[0])

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        where = ctx.stride[0], *ctx.padding
        grad_x = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_x = input_gradient(grad, weight, *x.shape[2:], *where)
        if ctx.needs_input_grad[1]:
            grad_weight = weight_gradient(x, grad, weight.shape[-1], *where).to(weight.dtype)
        if ctx.needs_input_grad[2]:
            grad_bias = grad.sum((0, 2, 3), dtype=weight.dtype)
        return grad_x, grad_weight, grad_bias, None, None
