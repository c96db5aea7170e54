"""Training of a compiled network, whatever the losses and the validation look like."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS
from torch import nn

from litepose_mm.engine.utils.network import network_of


@HOOKS.register_module()
class CompileHook(Hook):
    """Trains with parts of the model compiled by ``torch.compile``.

    MMEngine's own ``compile`` takes all of the model: its losses, which are compiled anew for other
    numbers of people, and the validation, whose images differ in shape. Here a part is compiled
    for the shapes of training, once for each, and validated as it is. The first step with a shape
    takes minutes on a processor; it is worth them in runs of hours.

    Args:
        parts: Modules of the model.
    """

    # Later than the hooks that replace layers.
    priority = 'LOW'

    def __init__(self, parts: Sequence[str] = ('backbone', 'head')) -> None:
        self.parts = tuple(parts)

    def before_train(self, runner: Runner) -> None:
        compiler = os.environ.get('CXX', 'g++')  # what torch's compiler takes on Linux
        if get_device() == 'cpu' and not shutil.which(compiler):  # Triton comes with torch
            runner.logger.warning(
                f'compiled network: no C++ compiler ({compiler}), so training is slower; install '
                'one or set CXX'
            )
            return
        model = network_of(runner)
        for name in self.parts:
            compile_training(model.get_submodule(name))
        runner.logger.info(f'{" and ".join(self.parts)} are compiled: the first step takes minutes')


def compile_training(module: nn.Module) -> None:
    """Compiles a module's ``forward`` for training mode, in place."""
    # What validation sees must not make the shapes of training dynamic, so it never gets there.
    compiled: Callable[..., Any] = torch.compile(module.forward, dynamic=False)
    plain = module.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        return (compiled if module.training else plain)(*args, **kwargs)

    module.forward = forward
