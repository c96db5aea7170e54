"""Quicker training of depthwise convolutions on processors."""

from __future__ import annotations

from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ...models.utils.depthwise import quicken_depthwise
from .compiler import has_compiler


@HOOKS.register_module()
class DepthwiseGradientHook(Hook):
    """Compiles the weight gradient of depthwise convolutions, see :func:`quicken_depthwise`.

    It acts on processors with a C++ compiler, and says so in the log when there is none. The
    first step takes half a minute longer, or seconds once torch's compiler cache has it.
    """

    def before_train(self, runner: Runner) -> None:
        if get_device() != 'cpu' or not has_compiler(runner.logger, 'depthwise gradients'):
            return
        count = quicken_depthwise(runner.model)
        runner.logger.info(f'depthwise gradients: {count} convolutions use the compiled one')
