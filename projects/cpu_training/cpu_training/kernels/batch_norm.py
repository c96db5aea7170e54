"""A compiled kernel for batch normalisation and the following activation."""

# torch reads annotations of operators, so they are not imported from __future__.

from math import inf

import torch
from torch import Tensor, nn

from .library import DTYPES, call, channels_last, empty_maps


def is_batch_norm(layer: nn.Module) -> bool:
    """Return whether :func:`quick_batch_norm` supports a layer."""
    return (
        type(layer) is nn.BatchNorm2d
        and layer.affine
        and layer.track_running_stats
        and layer.momentum is not None
    )


def activation_limits(layer: nn.Module | None) -> tuple[float, float] | None:
    """Return the smallest and largest value of a clamping activation; None for others."""
    return {nn.ReLU: (0.0, inf), nn.ReLU6: (0.0, 6.0)}.get(type(layer))


def is_quick(layer: nn.BatchNorm2d, x: Tensor) -> bool:
    """Return whether :func:`quick_batch_norm` supports the input or output maps of a layer."""
    return (
        layer.training
        and torch.is_grad_enabled()
        and x.device.type == 'cpu'
        and x.ndim == 4
        and x.dtype in DTYPES
        and layer.weight.dtype == torch.float32
    )


def quick_batch_norm(layer: nn.BatchNorm2d, x: Tensor, limits: tuple[float, float]) -> Tensor:
    """Compute a layer and the following activation in training, and update running statistics.

    Args:
        layer: A layer for which :func:`is_batch_norm` is true.
        x: Maps ``(B, C, H, W)`` for which :func:`is_quick` is true.
        limits: Limits of the activation, see :func:`activation_limits`.

    Raises:
        ValueError: A channel has only one value.
    """
    count = x.numel() // x.shape[1]
    if count < 2:
        raise ValueError(
            f'Expected more than 1 value per channel when training, got input size {x.shape}'
        )
    y, statistics = _BatchNorm.apply(x, layer.weight, layer.bias, layer.eps, *limits)
    with torch.no_grad():
        layer.num_batches_tracked.add_(1)
        layer.running_mean.lerp_(statistics[0], layer.momentum)
        layer.running_var.lerp_(statistics[1] * (count / (count - 1)), layer.momentum)
    return y


class _BatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, eps, low, high):
        y, statistics = _forward(x, weight, bias, eps, low, high)
        ctx.save_for_backward(x, statistics)
        ctx.mark_non_differentiable(statistics)
        ctx.numbers = eps, low, high
        return y, statistics

    @staticmethod
    def backward(ctx, grad, _):
        x_grad, grads = _backward(grad, *ctx.saved_tensors, *ctx.numbers)
        return x_grad, grads[0], grads[1], None, None, None


@torch.library.custom_op('cpu_training::batch_norm', mutates_args=())
def _forward(
    x: Tensor, weight: Tensor, bias: Tensor, eps: float, low: float, high: float
) -> tuple[Tensor, Tensor]:
    x = channels_last(x)
    y, statistics = empty_maps(x.shape, x), torch.empty(4, x.shape[1])
    shape = (x.numel() // x.shape[1], x.shape[1])
    tensors = (x, weight.contiguous(), bias.contiguous(), y, statistics)
    call('batch_norm_forward', shape, tensors, eps, low, high)
    return y, statistics


@_forward.register_fake
def _(x, weight, bias, eps, low, high):
    return empty_maps(x.shape, x), weight.new_empty(4, x.shape[1])


@torch.library.custom_op('cpu_training::batch_norm_backward', mutates_args=())
def _backward(
    grad: Tensor, x: Tensor, statistics: Tensor, eps: float, low: float, high: float
) -> tuple[Tensor, Tensor]:
    x, grad = channels_last(x), channels_last(grad)
    x_grad, grads = empty_maps(x.shape, x), torch.empty(2, x.shape[1])
    shape = (x.numel() // x.shape[1], x.shape[1])
    call('batch_norm_backward', shape, (x, grad, statistics, x_grad, grads), eps, low, high)
    return x_grad, grads


@_backward.register_fake
def _(grad, x, statistics, eps, low, high):
    return empty_maps(x.shape, x), statistics.new_empty(2, x.shape[1])
