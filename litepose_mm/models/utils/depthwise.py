"""A quicker weight gradient of depthwise convolutions on processors."""

from __future__ import annotations

from functools import cache
from types import MethodType

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def quicken_depthwise(model: nn.Module) -> int:
    """Let every depthwise convolution of a model compute its weight gradient with compiled code.

    oneDNN has no kernel of its own for this gradient in channels-last order: with 7x7 weights it
    does a tenth of the forward pass's multiplications a second (``benchmarks/training.py``). Here
    torch's compiler writes one, which needs a C++ compiler. Weights, their names, and all results
    but for rounding stay what they are.

    Args:
        model: Changed in place. Convolutions of three or more pixels a side, as many groups as
            channels, equal strides and zero padding are taken; and layers of other types whose
            ``quick_gradient`` is False: it becomes True, for them to call :func:`quick_conv2d`.

    Returns:
        How many convolutions were changed.
    """
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
        and layer.kernel_size[0] == layer.kernel_size[1] > 1
        and layer.stride[0] == layer.stride[1]
        and layer.dilation == (1, 1)
        and layer.padding_mode == 'zeros'
        and not isinstance(layer.padding, str)
    )


def _forward(self: nn.Conv2d, x: Tensor) -> Tensor:
    return quick_conv2d(x, self.weight, self.bias, self.stride, self.padding)


def quick_conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> Tensor:
    """A depthwise convolution whose weight gradient is the compiled one.

    Args:
        x: Maps ``(B, C, H, W)``.
        weight: Kernels ``(C, 1, k, k)``.
        bias: ``(C,)``, or none.
        stride: Two equal numbers.
        padding: Zeros at top and bottom, left and right.
    """
    # Float32 maps on a processor; whatever else comes (autocast, a GPU, export) is torch's.
    if not torch.is_grad_enabled() or x.device.type != 'cpu' or torch.is_autocast_enabled('cpu'):
        return F.conv2d(x, weight, bias, stride, padding, groups=weight.shape[0])
    return _DepthwiseConv.apply(x, weight, bias, stride, padding)


class _DepthwiseConv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride, padding):
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, weight, bias, stride, padding, groups=weight.shape[0])

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        grad_x = grad_weight = grad_bias = None
        grad = grad.contiguous(memory_format=torch.channels_last)
        if ctx.needs_input_grad[0]:
            grad_x = torch.nn.grad.conv2d_input(
                x.shape, weight, grad, ctx.stride, ctx.padding, groups=weight.shape[0]
            )
        if ctx.needs_input_grad[1]:
            rows, columns = ctx.padding
            padded = F.pad(x, (columns, columns, rows, rows))
            padded = padded.contiguous(memory_format=torch.channels_last)
            grad_weight = _compiled()(padded, grad, weight.shape[-1], ctx.stride[0])
            grad_weight = grad_weight.reshape(weight.shape)
        if ctx.needs_input_grad[2]:
            grad_bias = grad.sum((0, 2, 3))
        return grad_x, grad_weight, grad_bias, None, None


def weight_gradient(padded: Tensor, grad: Tensor, kernel_size: int, stride: int) -> Tensor:
    """Correlate a padded input with the output's gradient at every tap of the kernel.

    Args:
        padded: Zero-padded input ``(n, c, h, w)``.
        grad: Gradient of the output ``(n, c, h', w')``.
        kernel_size: Height and width of the kernel, ``k``.
        stride: Stride of the convolution.

    Returns:
        Gradient of the weights ``(c, k * k)``.
    """
    height, width = grad.shape[2:]
    taps = []
    for row in range(kernel_size):
        for column in range(kernel_size):
            seen = padded[
                :,
                :,
                row : row + stride * (height - 1) + 1 : stride,
                column : column + stride * (width - 1) + 1 : stride,
            ]
            # A sum for every sample first: what one needs stays in the cache.
            taps.append((seen * grad).sum((2, 3)))
    return torch.stack(taps, dim=2).sum(0)


@cache
def _compiled():
    # Sizes stay variables: one compilation serves all layers of a stride.
    return torch.compile(weight_gradient, dynamic=True)
