"""Count parameters and multiply-accumulates of networks, in the field's conventions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import torch
from torch import nn

#: Explanation of each convention, by the fields of :class:`Complexity`.
CONVENTIONS: dict[str, str] = {
    'macs': (
        'exact: multiply-accumulates of convolutions, transposed convolutions (at their input '
        'size) and linear layers'
    ),
    'paper_macs': (
        "paper-style, as counted by ptflops 0.6 and used in LitePose's tables: transposed "
        'convolutions at their output size (4 times too many at stride 2), plus biases, 2 per BN '
        'element, 1 per activation, pooling and upsampling element'
    ),
    'hhrnet_style_macs': (
        "HigherHRNet-style, as in its and EfficientHRNet's tables: exact, except for transposed "
        'convolutions, which are counted at their output size'
    ),
}


class Complexity(NamedTuple):
    """Cost of one image; :data:`CONVENTIONS` explains the three counts."""

    params: int
    macs: int
    paper_macs: int
    hhrnet_style_macs: int


def _convolution(layer: nn.Module, inputs: torch.Tensor, output: torch.Tensor) -> Counter:
    is_whole = not hasattr(layer, 'active_weights')
    weights = layer.weight.numel() if is_whole else layer.active_weights(inputs.shape[1])
    counts = Counter(traffic=inputs[0].numel() + output[0].numel())
    if isinstance(layer, nn.modules.conv._ConvTransposeNd):
        counts['deconv'] = weights * inputs[0, 0].numel()
        counts['deconv_at_output'] = weights * output[0, 0].numel()
    else:
        counts['conv'] = weights * output[0, 0].numel()
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
#: Layers whose output has the shape of their input.
ELEMENTWISE = (nn.modules.batchnorm._BatchNorm, *_ACTIVATIONS)
_COUNTED = (nn.modules.conv._ConvNd, nn.Linear, *ELEMENTWISE, *_POOLING, nn.Upsample)


def counted_layers(model: nn.Module) -> Iterator[nn.Module]:
    """Yield the layers whose calls :func:`count_call` counts."""
    if isinstance(model, _COUNTED):
        yield model
    else:
        for child in model.children():
            yield from counted_layers(child)


def count_call(layer: nn.Module, inputs: torch.Tensor, output: torch.Tensor) -> Counter:
    """Count one call of one layer, for one image of the batch.

    ``traffic`` is the number of values that convolutions read and write, without weights.
    """
    if isinstance(layer, nn.modules.conv._ConvNd):
        return _convolution(layer, inputs, output)
    if isinstance(layer, nn.Linear):
        return _linear(layer, inputs, output)
    if isinstance(layer, nn.modules.batchnorm._BatchNorm):
        return Counter(other=(2 if layer.affine else 1) * inputs[0].numel())
    if isinstance(layer, _POOLING):
        return Counter(other=inputs[0].numel())
    return Counter(other=output[0].numel())


def to_complexity(counts: Mapping[str, int], params: int) -> Complexity:
    """Compute the figures of all conventions from the sum of the counts of :func:`count_call`."""
    conv, deconv, at_output, other = (
        counts.get(name, 0) for name in ('conv', 'deconv', 'deconv_at_output', 'other')
    )
    return Complexity(params, conv + deconv, conv + at_output + other, conv + at_output)


@torch.no_grad()
def run_network(model: nn.Module, image: torch.Tensor) -> None:
    """Run a pose estimator's backbone, neck and head, or any other module."""
    if not hasattr(model, 'extract_feat'):
        model(image)
        return
    features = model.extract_feat(image)
    if getattr(model, 'with_head', False):
        model.head.forward(features)


def measure_complexity(model: nn.Module, input_shape: Sequence[int]) -> Complexity:
    """Count parameters and operations by running the model once.

    Args:
        model: A pose estimator or any other module. For a supernet, the active network is counted.
        input_shape: Shape ``(C, H, W)`` of one image.

    Returns:
        Parameters and the three counts.
    """
    total: Counter = Counter()
    active: dict[nn.Module, int] = {}

    def hook(layer, inputs, output):
        total.update(count_call(layer, inputs[0], output))
        if is_elastic(layer):
            active[layer] = layer.active_parameters(inputs[0].shape[1])

    layers = dict.fromkeys(counted_layers(model))
    handles = [layer.register_forward_hook(hook) for layer in layers]
    training = model.training
    model.eval()
    try:
        run_network(model, torch.zeros(1, *input_shape, device=next(model.parameters()).device))
    finally:
        for handle in handles:
            handle.remove()
        model.train(training)
    return to_complexity(total, fixed_parameters(model) + sum(active.values()))


def is_elastic(layer: nn.Module) -> bool:
    """Return whether a layer may use only part of its parameters, see ``nas/elastic_layers.py``."""
    return hasattr(layer, 'active_parameters')


def fixed_parameters(model: nn.Module) -> int:
    """Count the parameters that every network of a supernet uses."""
    elastic = {
        id(parameter)
        for layer in counted_layers(model)
        if is_elastic(layer)
        for parameter in layer.parameters()
    }
    return sum(each.numel() for each in model.parameters() if id(each) not in elastic)
