"""Sort the channels of a supernet by importance."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ...nas import sort_channels
from ..utils.network import network_of


@HOOKS.register_module()
class SortChannelsHook(Hook):
    """Sorts the channels of the network from which training starts (LitePose section 4).

    Narrow sub-networks then start with the most important channels, while the outputs of the
    largest network remain the same. A resumed run is not changed.
    """

    supernet_only = True

    def before_train(self, runner: Runner) -> None:
        if runner.iter > 0:
            return
        model = network_of(runner)
        sort_channels(model)
        for hook in runner.hooks:
            average = getattr(hook, 'ema_model', None)
            if average is not None:
                average.module.load_state_dict(model.state_dict())
