"""Compute batch normalisation statistics of a network that was not trained on its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..errors import LitePoseError

Batch = TypeVar('Batch')


@torch.no_grad()
def calibrate(model: nn.Module, batches: Iterable[Batch], run: Callable[[Batch], object]) -> int:
    """Replace the statistics of batch normalisation by the exact average over some batches.

    The authors instead use a moving average of momentum 0.1, which forgets the old statistics only
    gradually.

    Args:
        model: The network whose statistics are replaced; its mode is restored.
        batches: Training batches with augmentation.
        run: Function that sends a batch through the network.

    Returns:
        The number of batches.

    Raises:
        LitePoseError: There are no batches.
    """
    norms = [layer for layer in model.modules() if isinstance(layer, _BatchNorm)]
    before = [(norm, norm.training, norm.momentum) for norm in norms]
    count = 0
    try:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # torch's cumulative average
            norm.train()
        for batch in batches:
            run(batch)
            count += 1
    finally:
        for norm, training, momentum in before:
            norm.train(training)
            norm.momentum = momentum
    if count == 0:
        raise LitePoseError('calibration: expected at least one batch of images, got none')
    return count
