"""Replace layers of a network by the compiled kernels."""

from __future__ import annotations

from functools import partial
from math import inf

from torch import Tensor, nn

from litepose_mm.nas.elastic_layers import ElasticConv2d

from .batch_norm import activation_limits, is_batch_norm, is_quick, quick_batch_norm
from .depthwise import is_depthwise, quick_conv2d
from .library import library


def quicken(model: nn.Module) -> tuple[int, int]:
    """Let depthwise convolutions and batch normalisation of a model train with compiled kernels.

    oneDNN has no kernels for the weight gradient of depthwise convolutions in channels-last format,
    or for their input gradient in bfloat16 at stride 2: these take 10 to 100 times as long as the
    forward pass, but with our kernels about as long. Batch normalisation is limited by memory
    access, which is halved by including ReLU or ReLU6. Weights and their names do not change,
    results differ by rounding only, and evaluation uses torch.

    Args:
        model: The model, changed in place. Kernels are used for maps in float32 and with autocast
            to bfloat16. An activation is included if it is ``act`` beside ``bn`` in one module.
            Elastic convolutions are supported, too.

    Returns:
        The numbers of convolutions and normalisations that were changed.

    Raises:
        LitePoseError: There is no C++ compiler.
    """
    library()
    convolutions = norms = 0
    for layer in model.modules():
        if is_depthwise(layer):
            layer.forward = partial(_depthwise, layer)
            convolutions += 1
        elif isinstance(layer, ElasticConv2d) and layer.is_depthwise and layer.dilation == (1, 1):
            layer.convolve = quick_conv2d
            convolutions += 1
        elif is_batch_norm(layer):
            layer.forward = partial(_norm, layer, (-inf, inf))
            norms += 1
    for module in model.modules():
        norm, act = getattr(module, 'bn', None), getattr(module, 'act', None)
        limits = activation_limits(act)
        if is_batch_norm(norm) and limits:
            norm.forward = partial(_norm, norm, limits)
            act.forward = partial(_activation, norm, act)
    return convolutions, norms


def _depthwise(layer: nn.Conv2d, x: Tensor) -> Tensor:
    return quick_conv2d(x, layer.weight, layer.bias, layer.stride, layer.padding)


def _norm(layer: nn.BatchNorm2d, limits: tuple[float, float], x: Tensor) -> Tensor:
    if is_quick(layer, x):
        return quick_batch_norm(layer, x, limits)
    return nn.BatchNorm2d.forward(layer, x)


def _activation(norm: nn.BatchNorm2d, layer: nn.Module, x: Tensor) -> Tensor:
    return x if is_quick(norm, x) else type(layer).forward(layer, x)
