"""From a supernet to one of its networks: weights of their own, for the plain configs."""

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
    """Gives a static network the weights that it has in a supernet, or in a wider static network.

    Names are the same in both, so that what is missing or too small is seen at once. Statistics of
    batch normalisation are copied too; where they are not those of this width, calibrate them
    (:func:`litepose_mm.nas.calibrate`).

    Args:
        supernet: An elastic network, or a static one of no smaller widths, kernels the same.
        subnet: The static network; its weights are replaced.

    Raises:
        LitePoseError: It has a tensor that ``supernet`` has not, or one that is larger.
    """
    wide = supernet.state_dict()
    state = {
        name: _narrow(name, wide, tensor, supernet) for name, tensor in subnet.state_dict().items()
    }
    subnet.load_state_dict(state)


def save_subnet(subnet: nn.Module, arch: Architecture, path: str | Path, **meta: Any) -> None:
    """Writes a checkpoint of a network of the supernet, for its own config.

    Args:
        subnet: The estimator.
        arch: Its architecture, kept in the authors' form as ``meta['arch']``.
        path: File to write.
        meta: More facts to keep.
    """
    state = {
        name: value
        for name, value in subnet.state_dict().items()
        if not name.startswith('data_preprocessor.')
    }
    save_weights(state, path, dict(arch=arch.to_dict(), **meta))


def _narrow(name: str, wide: Mapping[str, Tensor], like: Tensor, supernet: nn.Module) -> Tensor:
    if name not in wide:
        raise LitePoseError(f'{name} is not in the wider network')
    tensor = wide[name]
    if tensor.ndim == 4 and tensor.shape[2:] != like.shape[2:]:
        layer = supernet.get_submodule(name.rpartition('.')[0])
        if not isinstance(layer, ElasticConv2d):
            raise LitePoseError(
                f'{name}: expected a kernel of {tuple(tensor.shape[2:])}, '
                f'got {tuple(like.shape[2:])}; only elastic layers have several'
            )
        tensor = active_kernels(layer, like.shape[2])
    if any(own > most for own, most in zip(like.shape, tensor.shape)):
        raise LitePoseError(
            f'{name}: expected at most {tuple(tensor.shape)} as in the wider network, '
            f'got {tuple(like.shape)}'
        )
    return narrowed(tensor, like.shape).clone()
