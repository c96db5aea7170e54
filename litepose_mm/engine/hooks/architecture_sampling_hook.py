"""Chooses the networks of a supernet that a training step trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
        sandwich: Whether the largest network is trained before them, and the smallest one after
            them; all networks of a step then have one resolution, that of the first one drawn.

    Raises:
        LitePoseError: The space does not fit the supernet, distillation has no largest network to
            learn from, or batch normalisation is synchronised (at the beginning of training).
    """

    supernet_only = True

    def __init__(
        self,
        space: str | Mapping[str, Any] | SearchSpace,
        seed: int = 0,
        samples: int = 1,
        sandwich: bool = False,
    ) -> None:
        self.space = get_search_space(space)
        if samples < 0 or (samples == 0 and not sandwich) or seed < 0:
            raise LitePoseError(
                'ArchitectureSamplingHook: expected samples of at least 1 (0 with sandwich) and a '
                f'seed from 0, got {samples} and {seed}'
            )
        self.seed, self.samples, self.sandwich = seed, samples, sandwich

    def before_train(self, runner: Runner) -> None:
        model = network_of(runner)
        if not hasattr(model, 'training_archs'):
            raise LitePoseError(
                'ArchitectureSamplingHook: expected the estimator of a supernet, got a '
                f'{type(model).__name__}'
            )
        if model.distillation_weight and not self.sandwich:
            raise LitePoseError(
                'distillation_weight: expected ArchitectureSamplingHook with sandwich=True, whose '
                'largest network teaches the others'
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
        archs = [self.space.decode(self.space.sample(rng)) for _ in range(max(self.samples, 1))]
        if self.sandwich:
            size, drawn = archs[0].img_size, archs[: self.samples]
            archs = [self.space.largest, *drawn, self.space.smallest]
            archs = [replace(arch, img_size=size) for arch in archs]
        network_of(runner).training_archs = archs

    def before_val(self, runner: Runner) -> None:
        """Validates the largest network."""
        network_of(runner).activate(self.space.largest)
