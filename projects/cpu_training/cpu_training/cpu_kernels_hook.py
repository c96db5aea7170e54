"""Train with compiled kernels on CPUs."""

from __future__ import annotations

from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from litepose_mm.errors import LitePoseError

from .kernels import quicken


@HOOKS.register_module()
class CPUKernelsHook(Hook):
    """Trains depthwise convolutions and batch normalisation with C++, see :func:`quicken`.

    It needs a CPU, a C++ compiler (``CXX``, or ``g++``) and OpenMP; without a compiler, it logs a
    warning. Compiling takes some seconds at the beginning of a run.
    """

    def before_train(self, runner: Runner) -> None:
        if get_device() != 'cpu':
            return
        try:
            convolutions, norms = quicken(runner.model)
        except LitePoseError as error:
            runner.logger.warning(f'CPU kernels: {error}; training is slower without them')
        else:
            runner.logger.info(
                f'CPU kernels are used by {convolutions} depthwise convolutions and {norms} batch '
                'normalisations'
            )
