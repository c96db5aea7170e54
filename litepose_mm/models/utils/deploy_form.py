"""Convert a network to an equivalent one with fewer and cheaper layers, for any engine."""

from __future__ import annotations

from copy import deepcopy
from typing import TypeVar

import torch
from mmcv.cnn import fuse_conv_bn
from torch import nn

Model = TypeVar('Model', bound=nn.Module)


@torch.no_grad()
def to_deploy_form(model: Model) -> Model:
    """Return a copy for inference with merged layers; results differ by float32 rounding only.

    A module that has a cheaper equivalent returns it from ``to_deploy()``. mmcv folds any other BN
    layer into the convolution that precedes it in the same module.

    Args:
        model: Any network; it is not changed.

    Returns:
        A network of the same type in eval mode. It cannot be trained, and its weights have other
        names.
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
