"""Chooses the networks of a supernet that a training step trains."""

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
    """Draws the networks of every step from a search space.

    They depend on the seed and the iteration only: all processes train the same networks, and a
    resumed run trains those of an uninterrupted one. In the authors' code each process draws its
    own.

    Args:
        space: Name or plain data of the space, see :func:`litepose_mm.nas.get_search_space`.
        seed: Random seed.
        samples: How many networks are drawn for a step; 1 in the paper.

    Raises:
        LitePoseError: A number is out of its range; when training begins: the space does not fit
            the supernet, or batch normalisation is synchronised.
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
                'ArchitectureSamplingHook: expected samples of at least 1 and a seed of at least '
                f'0, got {samples} and {seed}'
            )
        self.seed, self.samples = seed, samples

    def before_train(self, runner: Runner) -> None:
        model = network_of(runner)
        if not hasattr(model, 'training_archs'):
            raise LitePoseError(
                'ArchitectureSamplingHook: expected the estimator of a supernet, got a '
                f'{type(model).__name__}'
            )
        if any(isinstance(module, nn.SyncBatchNorm) for module in model.modules()):
            raise LitePoseError(
                'sync_bn: expected none for a supernet, whose batch normalisation changes its width'
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
        """Validates the largest network."""
        network_of(runner).activate(self.space.largest)
