"""Find the network of a run."""

from __future__ import annotations

from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn


def network_of(runner: Runner) -> nn.Module:
    """Return the model, without the wrapper that it has with several processes."""
    return runner.model.module if is_model_wrapper(runner.model) else runner.model
