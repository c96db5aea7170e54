"""Depthwise convolutions with compiled gradients."""

# torch reads annotations of operators, so they are not imported from __future__.

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .library import DTYPES, call, channels_last, empty_maps


def is_depthwise(layer: nn.Module) -> bool:
    """Return whether :func:`quick_conv2d` supports a layer."""
    return (
        type(layer) is nn.Conv2d
        and layer.groups == layer.in_channels == layer.out_channels > 1
        and layer.dilation == (1, 1)
        and layer.padding_mode == 'zeros'
        and not isinstance(layer.padding, str)
        and _has_kernel(layer.weight, layer.stride)
    )


def _has_kernel(weight: Tensor, stride: tuple[int, int]) -> bool:
    (height, width), (down, right) = weight.shape[2:], stride
    return height == width and height in (3, 5, 7) and down == right and down in (1, 2)


def quick_conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
) -> Tensor:
    """Compute a depthwise convolution with compiled gradients, or torch's if unsupported.

    Args:
        x: Maps ``(B, C, H, W)``.
        weight: Kernels ``(C, 1, k, k)``.
        bias: Bias ``(C,)``, or None.
        stride: Vertical and horizontal stride.
        padding: Vertical and horizontal padding with zeros.
    """
    dtype = torch.get_autocast_dtype('cpu') if torch.is_autocast_enabled('cpu') else x.dtype
    if (
        not torch.is_grad_enabled()
        or x.device.type != 'cpu'
        or dtype not in DTYPES
        or not _has_kernel(weight, stride)
    ):
        return F.conv2d(x, weight, bias, stride, padding, groups=weight.shape[0])
    return _DepthwiseConv.apply(x.to(dtype), weight, bias, stride, padding)


class _DepthwiseConv(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride, padding):
        ctx.save_for_backward(x, weight)
        ctx.where = stride[0], *padding
        bias = None if bias is None else bias.to(x.dtype)
        return F.conv2d(x, weight.to(x.dtype), bias, stride, padding, groups=weight.shape[0])

    @staticmethod
    def backward(ctx, grad):
        x, weight = ctx.saved_tensors
        grad_x = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_x = _input_gradient(grad, weight, *x.shape[2:], *ctx.where)
        if ctx.needs_input_grad[1]:
            grad_weight = _weight_gradient(x, grad, weight.shape[-1], *ctx.where)
            grad_weight = grad_weight.to(weight.dtype)
        if ctx.needs_input_grad[2]:
            grad_bias = grad.sum((0, 2, 3), dtype=weight.dtype)
        return grad_x, grad_weight, grad_bias, None, None


# These are registered as operators, so that torch.compile supports networks with them.


@torch.library.custom_op('cpu_training::depthwise_weight_gradient', mutates_args=())
def _weight_gradient(
    x: Tensor, grad: Tensor, kernel_size: int, stride: int, padding_y: int, padding_x: int
) -> Tensor:
    x, grad = channels_last(x), channels_last(grad)
    sums = torch.empty(*x.shape[:2], kernel_size, kernel_size)  # of each sample
    shape = (*x.shape, *grad.shape[2:], kernel_size, stride, padding_y, padding_x)
    assert call('depthwise_weight_gradient', shape, (x, grad, sums))
    return sums.sum(0).unsqueeze(1)


@_weight_gradient.register_fake
def _(x, grad, kernel_size, stride, padding_y, padding_x):
    return x.new_empty(x.shape[1], 1, kernel_size, kernel_size, dtype=torch.float32)


@torch.library.custom_op('cpu_training::depthwise_input_gradient', mutates_args=())
def _input_gradient(
    grad: Tensor,
    weight: Tensor,
    height: int,
    width: int,
    stride: int,
    padding_y: int,
    padding_x: int,
) -> Tensor:
    grad = channels_last(grad)
    taps = weight.float().squeeze(1).permute(1, 2, 0).contiguous()
    x_grad = empty_maps((*grad.shape[:2], height, width), grad)
    shape = (*x_grad.shape, *grad.shape[2:], weight.shape[-1], stride, padding_y, padding_x)
    assert call('depthwise_input_gradient', shape, (grad, taps, x_grad))
    return x_grad


@_input_gradient.register_fake
def _(grad, weight, height, width, stride, padding_y, padding_x):
    return empty_maps((*grad.shape[:2], height, width), grad)
