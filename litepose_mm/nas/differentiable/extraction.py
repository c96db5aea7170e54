"""Take the weights of a derived network out of its super-network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from .mixed_block import operation_name


@torch.no_grad()
def copy_derived(supernet: nn.Module, choices: Sequence[int], network: nn.Module) -> None:
    """Copy the weights of a derived network.

    Args:
        supernet: A differentiable estimator.
        choices: The index of the operation of each of its mixed blocks.
        network: The plain network of ``supernet.backbone.arch_of(choices)``, whose weights are
            replaced.
    """
    wide = supernet.state_dict()
    names = iter(choices)
    prefixes: dict[str, str] = {}
    for stage, blocks in enumerate(supernet.backbone.stages):
        depth = 0
        for index, block in enumerate(blocks):
            operation = block.settings[next(names)]
            if operation is not None:
                own = f'backbone.stages.{stage}.{depth}.'
                name = operation_name(operation)
                prefixes[own] = f'backbone.stages.{stage}.{index}.operations.{name}.'
                depth += 1

    def source(name: str) -> str:
        prefix = '.'.join([*name.split('.')[:4], ''])
        return prefixes[prefix] + name.removeprefix(prefix) if prefix in prefixes else name

    network.load_state_dict({name: wide[source(name)] for name in network.state_dict()})
