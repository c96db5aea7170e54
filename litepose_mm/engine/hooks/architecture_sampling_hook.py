"""Sample the networks of a supernet that each training step trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS
from torch import nn

from ...errors import LitePoseError
from ...nas.search_spaces import SearchSpace, get_search_space
from ..utils.network import network_of


@HOOKS.register_module()
class ArchitectureSamplingHook(Hook):
    """Samples the networks of every training step from a search space.

    The networks depend only on the seed and the iteration: all processes train the same networks,
    and a resumed run trains the networks of an uninterrupted one. In the authors' code, each
    process samples its own network.

    Args:
        space: Name or plain data of the space, see :func:`litepose_mm.nas.get_search_space`.
        seed: Random seed, not negative.
        samples: Number of networks that are trained in each step; 1 in the paper.

    Raises:
        LitePoseError: A number is out of its range. When training begins, also if the space does
            not fit the supernet or batch normalisation is synchronised.
    """

    supernet_only = True

    def __init__(
        self,
        space: str | Mapping[str, Any] | SearchSpace,
        seed: int = 0,
        samples: int = 1,
    ) -> None:
        self.space = get_search_space(space)
        if samples < 1 or seed < 0:
            raise LitePoseError(
                'ArchitectureSamplingHook: expected at least 1 for samples and at least 0 for '
                f'seed, got {samples} and {seed}'
            )
        self.seed, self.samples = seed, samples

    def before_train(self, runner: Runner) -> None:
        model = network_of(runner)
        if not hasattr(model, 'training_archs'):
            raise LitePoseError(
                'ArchitectureSamplingHook: expected a model that is a supernet, got '
                f'{type(model).__name__}; remove the hook or change model.type'
            )
        if any(isinstance(module, nn.SyncBatchNorm) for module in model.modules()):
            raise LitePoseError(
                'sync_bn: expected None for a supernet, because the width of its batch '
                'normalisation changes; remove it from the config'
            )
        for arch in (self.space.largest, self.space.smallest):
            model.activate(arch)
        model.activate(self.space.largest)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        rng = np.random.default_rng((self.seed, runner.iter))
        network_of(runner).training_archs = [
            self.space.decode(self.space.sample(rng)) for _ in range(self.samples)
        ]

    def before_val(self, runner: Runner) -> None:
        """Activate the largest network for validation."""
        network_of(runner).activate(self.space.largest)
