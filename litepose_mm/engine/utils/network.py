"""Find the network of a run."""

from __future__ import annotations

from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn


def network_of(runner: Runner) -> nn.Module:
    """Return the model, without the wrapper that it has with several processes."""
    return unwrapped(runner.model)


def unwrapped(model: nn.Module) -> nn.Module:
    """Return a model without the wrapper that it has with several processes."""
    return model.module if is_model_wrapper(model) else model
