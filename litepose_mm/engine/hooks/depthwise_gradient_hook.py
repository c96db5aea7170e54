"""Quicker training of depthwise convolutions on processors."""

from __future__ import annotations

from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ...errors import LitePoseError
from ...models.utils.depthwise import quicken_depthwise


@HOOKS.register_module()
class DepthwiseGradientHook(Hook):
    """Compiles the gradients of depthwise convolutions, see :func:`quicken_depthwise`.

    It acts on processors with a C++ compiler (``CXX``, or ``g++``) and OpenMP, and says so in the
    log when there is none. Compiling takes some seconds at the beginning of a run.
    """

    def before_train(self, runner: Runner) -> None:
        if get_device() != 'cpu':
            return
        try:
            count = quicken_depthwise(runner.model)
        except LitePoseError as error:
            runner.logger.warning(f'depthwise gradients: {error}; training is slower')
        else:
            runner.logger.info(f'depthwise gradients: {count} convolutions use the compiled ones')
