"""Extract the weights of a network from a supernet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..checkpoints import save_weights
from ..errors import LitePoseError
from .elastic_layers import ElasticConv2d, active_kernels, narrowed
from .search_spaces import Architecture


@torch.no_grad()
def copy_subnet(supernet: nn.Module, subnet: nn.Module) -> None:
    """Copy the weights of a static network from a supernet, or from a wider static network.

    Statistics of batch normalisation are copied, too. If they are not those of this width,
    calibrate them (:func:`litepose_mm.nas.calibrate`).

    Args:
        supernet: An elastic network, or a static one that is at least as wide and has the same
            kernel sizes.
        subnet: The static network, whose weights are replaced.

    Raises:
        LitePoseError: ``subnet`` has a tensor that is missing or smaller in ``supernet``.
    """
    wide = supernet.state_dict()
    state = {
        name: _narrow(name, wide, tensor, supernet) for name, tensor in subnet.state_dict().items()
    }
    subnet.load_state_dict(state)


def save_subnet(subnet: nn.Module, arch: Architecture, path: str | Path, **meta: Any) -> None:
    """Save a checkpoint of a network of the supernet.

    Args:
        subnet: The network's estimator.
        arch: Its architecture, which is saved in the authors' form as ``meta['arch']``.
        path: File to write.
        meta: Further metadata to save.
    """
    state = {
        name: value
        for name, value in subnet.state_dict().items()
        if not name.startswith('data_preprocessor.')
    }
    save_weights(state, path, dict(arch=arch.to_dict(), **meta))


def _narrow(name: str, wide: Mapping[str, Tensor], own: Tensor, supernet: nn.Module) -> Tensor:
    if name not in wide:
        raise LitePoseError(f'{name}: expected this tensor in the wider network, got none')
    tensor = wide[name]
    if tensor.ndim == 4 and tensor.shape[2:] != own.shape[2:]:
        layer = supernet.get_submodule(name.rpartition('.')[0])
        if not isinstance(layer, ElasticConv2d):
            raise LitePoseError(
                f'{name}: expected a kernel of {tuple(tensor.shape[2:])}, got '
                f'{tuple(own.shape[2:])}; only elastic layers have several kernel sizes'
            )
        tensor = active_kernels(layer, own.shape[2])
    if any(size > most for size, most in zip(own.shape, tensor.shape)):
        raise LitePoseError(
            f'{name}: expected at most the shape {tuple(tensor.shape)} of the wider network, '
            f'got {tuple(own.shape)}'
        )
    return narrowed(tensor, own.shape).clone()
