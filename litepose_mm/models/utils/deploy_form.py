"""The same network with fewer and cheaper layers, for engines and for PyTorch itself."""

from __future__ import annotations

from copy import deepcopy
from typing import TypeVar

import torch
from mmcv.cnn import fuse_conv_bn
from torch import nn

Model = TypeVar('Model', bound=nn.Module)


@torch.no_grad()
def to_deploy_form(model: Model) -> Model:
    """A copy for inference whose layers are merged; results are equal to float32 rounding.

    A module that knows a cheaper equivalent of itself offers it as ``to_deploy()``. What remains
    of BN is folded by mmcv into the convolution that was created before it in the same module.

    Args:
        model: Any network; it is left as it is.

    Returns:
        A network of the same type with the same methods, in eval mode, which cannot be trained
        and whose weights have other names.
    """
    form = deepcopy(model).eval()
    _merge(form)
    return fuse_conv_bn(form).eval().requires_grad_(False)


def _merge(module: nn.Module) -> None:
    for name, child in module.named_children():
        if hasattr(child, 'to_deploy'):
            setattr(module, name, child.to_deploy())
        else:
            _merge(child)
