"""Count the costs of a supernet's networks on the supernet itself."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..analysis.complexity import (
    ELEMENTWISE,
    Complexity,
    count_call,
    counted_layers,
    fixed_parameters,
    is_elastic,
    run_network,
    to_complexity,
)
from .search_spaces import Architecture
from .subnet_config import input_size_of

_FIELDS = ('conv', 'deconv', 'deconv_at_output', 'other', 'traffic')


class _Known(NamedTuple):
    """The result of a module: its output, its counts (``_FIELDS``), and parameters by layer."""

    output: Any
    counts: tuple[int, ...]
    parameters: dict[nn.Module, int]


class NetworkCosts:
    """Counts parameters and operations of the networks of a supernet.

    A copy of the supernet runs on torch's meta device, whose tensors have shapes but no values. The
    result of a module is reused for inputs of the same shapes and the same choices, so that a
    search can count thousands of networks.

    Only layers with a ``choice`` and parts with ``activate`` may differ between two networks, see
    :class:`litepose_mm.nas.supernet.ElasticEstimator`.

    Args:
        supernet: The supernet; it is not changed.
    """

    def __init__(self, supernet: nn.Module) -> None:
        self._supernet = copy.deepcopy(supernet).to('meta').eval()
        self._fixed_parameters = fixed_parameters(self._supernet)
        self._modules: dict[tuple, _Known] = {}
        self._networks: dict[Architecture, tuple[Complexity, int]] = {}
        self._calls: list[_Known] = []
        layers = set(counted_layers(self._supernet))
        for module in dict.fromkeys(_modules(self._supernet, layers)):
            choosing = [each for each in module.modules() if hasattr(each, 'choice')]
            module.forward = partial(self._call, module, module.forward, choosing, module in layers)

    def complexity(self, arch: Architecture) -> Complexity:
        """Count parameters and multiply-accumulates of the plain network at its resolution.

        Raises:
            LitePoseError: The architecture is not part of the supernet.
        """
        return self._count(arch)[0]

    def traffic(self, arch: Architecture) -> int:
        """Count the numbers that the network's convolutions read and write, without weights."""
        return self._count(arch)[1]

    def _count(self, arch: Architecture) -> tuple[Complexity, int]:
        if arch not in self._networks:
            self._supernet.activate(arch)
            width, height = input_size_of(self._supernet.head.decoder.input_size, arch)
            self._calls = []
            run_network(self._supernet, torch.empty(1, 3, height, width, device='meta'))
            counts, parameters = _summed(self._calls)
            parameters = self._fixed_parameters + sum(parameters.values())
            counts = dict(zip(_FIELDS, counts))
            self._networks[arch] = to_complexity(counts, parameters), counts['traffic']
        return self._networks[arch]

    def _call(
        self,
        module: nn.Module,
        forward: Callable,
        choosing: list[nn.Module],
        is_layer: bool,
        *inputs: Any,
        **options: Any,
    ) -> Any:
        """Replaces the ``forward`` of a module."""
        key = (
            module,
            _shapes(inputs),
            _shapes(tuple(options.items())),
            *[layer.choice for layer in choosing],
        )
        known = self._modules.get(key)
        if known is None:
            outside, self._calls = self._calls, []
            # Running elementwise modules would take as long as all others.
            output = inputs[0] if isinstance(module, ELEMENTWISE) else forward(*inputs, **options)
            if is_layer:
                self._calls.append(_counted(module, inputs[0], output))
            known = self._modules[key] = _Known(output, *_summed(self._calls))
            self._calls = outside
        self._calls.append(known)
        return known.output


def _modules(module: nn.Module, layers: set[nn.Module]) -> Iterator[nn.Module]:
    """Yield the modules whose cost depends only on their inputs and their layers' choices."""
    if not hasattr(module, 'activate'):
        yield module
    if module not in layers:
        for child in module.children():
            yield from _modules(child, layers)


def _counted(layer: nn.Module, inputs: Tensor, output: Tensor) -> _Known:
    counts = count_call(layer, inputs, output)
    parameters = {layer: layer.active_parameters(inputs.shape[1])} if is_elastic(layer) else {}
    return _Known(output, tuple(counts[name] for name in _FIELDS), parameters)


def _summed(calls: list[_Known]) -> tuple[tuple[int, ...], dict[nn.Module, int]]:
    parameters: dict[nn.Module, int] = {}
    for call in calls:
        parameters.update(call.parameters)
    counts = tuple(map(sum, zip(*(call.counts for call in calls))))
    return counts or (0,) * len(_FIELDS), parameters


def _shapes(value: Any) -> Any:
    """Make a dictionary key of inputs, with shapes in place of tensors."""
    if isinstance(value, Tensor):
        return value.shape
    return tuple(map(_shapes, value)) if isinstance(value, (list, tuple)) else value
