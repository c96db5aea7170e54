"""Compile parts of a model for training only."""

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

    MMEngine's own ``compile`` compiles the whole model: its losses, again for each number of
    people, and the validation, whose images differ in shape. Here, a part is compiled only for the
    shapes of training and is not compiled in validation. The first step with a shape takes minutes
    on a CPU, which pays off in runs of hours.

    Args:
        parts: Names of the model's modules that are compiled.
    """

    # After the hooks that replace layers.
    priority = 'LOW'

    def __init__(self, parts: Sequence[str] = ('backbone', 'head')) -> None:
        self.parts = tuple(parts)

    def before_train(self, runner: Runner) -> None:
        compiler = os.environ.get('CXX', 'g++')  # the compiler that torch uses on Linux
        if get_device() == 'cpu' and not shutil.which(
            compiler
        ):  # for GPUs, Triton comes with torch
            runner.logger.warning(
                f'the network is not compiled, because there is no C++ compiler ({compiler}); '
                'install one or set CXX'
            )
            return
        model = network_of(runner)
        for name in self.parts:
            compile_training(model.get_submodule(name))
        runner.logger.info(f'{" and ".join(self.parts)} are compiled: the first step takes minutes')


def compile_training(module: nn.Module) -> None:
    """Compile a module's ``forward`` for training mode, in place."""
    # Validation does not use the compiled function, so its shapes do not make those dynamic.
    compiled: Callable[..., Any] = torch.compile(module.forward, dynamic=False)
    plain = module.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        return (compiled if module.training else plain)(*args, **kwargs)

    module.forward = forward
