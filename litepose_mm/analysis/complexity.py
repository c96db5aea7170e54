"""Parameters and multiply-accumulates of a network, in the conventions the field uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

#: What each convention counts; the keys are those of :class:`Complexity`.
CONVENTIONS: dict[str, str] = {
    'macs': (
        'exact: multiply-accumulates of convolutions, transposed convolutions (at their input '
        'size) and linear layers'
    ),
    'paper_macs': (
        "paper-style, as ptflops 0.6 counts, which LitePose's tables use: transposed "
        'convolutions at their output size (4 times too many at stride 2), plus biases, 2 per BN '
        'element, 1 per activation, pooling and upsampling element'
    ),
    'hhrnet_style_macs': (
        "HigherHRNet-style, as in its and EfficientHRNet's tables: exact, but transposed "
        'convolutions at their output size'
    ),
}


class Complexity(NamedTuple):
    """Cost of one image. See :data:`CONVENTIONS` for the three counts."""

    params: int
    macs: int
    paper_macs: int
    hhrnet_style_macs: int


def _convolution(layer: nn.Module, inputs: torch.Tensor, output: torch.Tensor) -> Counter:
    kernel = layer.weight[0, 0].numel()
    if isinstance(layer, nn.modules.conv._ConvTransposeNd):
        per_pixel = layer.in_channels * layer.out_channels // layer.groups * kernel
        exact = per_pixel * inputs[0, 0].numel()
        counts = Counter(deconv=exact, deconv_at_output=per_pixel * output[0, 0].numel())
    else:
        per_pixel = layer.in_channels // layer.groups * layer.out_channels * kernel
        counts = Counter(conv=per_pixel * output[0, 0].numel())
    if layer.bias is not None:
        counts['other'] += output[0].numel()
    return counts


def _linear(layer: nn.Module, inputs: torch.Tensor, output: torch.Tensor) -> Counter:
    counts = Counter(conv=layer.in_features * output[0].numel())
    if layer.bias is not None:
        counts['other'] += output[0].numel()
    return counts


_ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.PReLU, nn.ELU, nn.LeakyReLU)
_POOLING = (
    nn.modules.pooling._MaxPoolNd,
    nn.modules.pooling._AvgPoolNd,
    nn.modules.pooling._AdaptiveMaxPoolNd,
    nn.modules.pooling._AdaptiveAvgPoolNd,
)


def _count(layer: nn.Module, inputs: torch.Tensor, output: torch.Tensor) -> Counter:
    """Counts of one call of one layer, for the first image of the batch."""
    if isinstance(layer, nn.modules.conv._ConvNd):
        return _convolution(layer, inputs, output)
    if isinstance(layer, nn.Linear):
        return _linear(layer, inputs, output)
    if isinstance(layer, nn.modules.batchnorm._BatchNorm):
        return Counter(other=(2 if layer.affine else 1) * inputs[0].numel())
    if isinstance(layer, _ACTIVATIONS):
        return Counter(other=output[0].numel())
    if isinstance(layer, _POOLING):
        return Counter(other=inputs[0].numel())
    if isinstance(layer, nn.Upsample):
        return Counter(other=output[0].numel())
    return Counter()


@torch.no_grad()
def measure_complexity(model: nn.Module, input_shape: Sequence[int]) -> Complexity:
    """Count by running the model once.

    Args:
        model: A pose estimator with ``backbone``, optional ``neck`` and ``head``, or any module.
        input_shape: ``(C, H, W)`` of one image.

    Returns:
        Parameters and the three counts.
    """
    total: Counter = Counter()

    def hook(layer, inputs, output):
        total.update(_count(layer, inputs[0], output))

    layers = [layer for layer in model.modules() if not list(layer.children())]
    handles = [layer.register_forward_hook(hook) for layer in layers]
    training = model.training
    model.eval()
    image = torch.zeros(1, *input_shape, device=next(model.parameters()).device)
    try:
        if hasattr(model, 'extract_feat'):
            features = model.extract_feat(image)
            if getattr(model, 'with_head', False):
                model.head.forward(features)
        else:
            model(image)
    finally:
        for handle in handles:
            handle.remove()
        model.train(training)
    conv, deconv, at_output = total['conv'], total['deconv'], total['deconv_at_output']
    return Complexity(
        params=sum(parameter.numel() for parameter in model.parameters()),
        macs=conv + deconv,
        paper_macs=conv + at_output + total['other'],
        hhrnet_style_macs=conv + at_output,
    )
