"""Checks of the features that heads read."""

from __future__ import annotations

import torch
from torch import Tensor

from ...errors import LitePoseError


def check_channels(head: str, in_channels: int, feature: Tensor) -> None:
    """Check that a feature has as many channels as a head was built for.

    Args:
        head: The type of the head.
        in_channels: The head's argument of this name.
        feature: The backbone's feature ``(B, C, H, W)``.

    Raises:
        LitePoseError: It has another number of channels.
    """
    # In a trace, sizes are tensors.
    if not torch.jit.is_tracing() and feature.shape[1] != in_channels:
        raise LitePoseError(
            f'head.in_channels: expected {feature.shape[1]}, the channels of the feature that the '
            f'backbone gives the {head}, got {in_channels}; the numbers of the head must follow '
            'from the same architecture as the backbone (docs/models.md)'
        )
