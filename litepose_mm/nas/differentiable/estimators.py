"""Estimators whose weights and architecture are trained in turns.

EfficientPose, sections 3.1 and 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from mmpose.models import TopdownPoseEstimator
from mmpose.registry import MODELS
from mmpose.utils.typing import SampleList
from torch import Tensor, nn

from ...errors import LitePoseError
from ...models.pose_estimators import MultiScaleBottomupPoseEstimator
from .mixed_block import MixedBlock
from .operation_costs import OperationCosts

#: What a training step updates.
Phase = Literal['weights', 'architecture']


class DifferentiableEstimator:
    """Base of estimators with a backbone of mixed blocks.

    A step on the weights minimises the loss of the task, a step on the architecture that of the
    task plus ``weight * log_base(cost)`` (equation 6), where the cost is the expected one of the
    network. A unit of the cost changes no gradient, nor do ``weight`` and ``base`` separately, but
    only ``weight / log(base)``.

    Args:
        cost: What is to be small. ``name`` is a field of
            :class:`litepose_mm.analysis.complexity.Complexity`; or ``table`` is a file that
            ``tools/nas/cost_table.py`` made, of the ``engine`` and ``threads``, if these are given.
            ``weight`` and ``base`` (10 by default) are the paper's lambda and tau, which it does
            not give. ``limit`` is the largest cost of the networks that are derived.
        paths: Number of operations of each block that a step samples, by phase; 1 or 2, or None for
            the whole mixture.
        kwargs: Arguments of the plain estimator.

    Attributes:
        phase: What the next step updates.
        costs: Costs of all operations.

    Raises:
        LitePoseError: The backbone has no mixed blocks; the cost is unknown or its table is that of
            another engine, input size or space; or no network of the space meets the limit.
    """

    plain_type: ClassVar[str]
    elastic_options: ClassVar[tuple[str, ...]] = ('cost', 'paths')

    def __init__(
        self,
        cost: Mapping[str, Any],
        paths: Mapping[Phase, int | None] | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not hasattr(self.backbone, 'mixed_blocks'):
            raise LitePoseError(
                'model.backbone: expected one of mixed blocks for a search by gradient, got '
                f'{type(self.backbone).__name__}'
            )
        options = dict(cost)
        weight, base = options.pop('weight', None), options.pop('base', 10)
        if not isinstance(weight, (int, float)) or weight < 0 or not base > 1:
            raise LitePoseError(
                'cost: expected a weight of at least 0 and a base above 1, got '
                f'{weight!r} and {base!r}'
            )
        self.cost_weight = weight / math.log(base)
        self.limit = options.pop('limit', None)
        self.costs = self._read_costs(**options)
        if self.limit is not None:
            self.costs.check_limit(self.limit)
        self.paths: dict[str, int | None] = {'weights': 1, 'architecture': 2, **(paths or {})}
        if self.paths.keys() != {'weights', 'architecture'} or not set(self.paths.values()) <= {
            1,
            2,
            None,
        }:
            raise LitePoseError(
                f'paths: expected 1, 2 or None for weights and architecture, got {self.paths}'
            )
        self.phase: Phase = 'weights'

    def _read_costs(
        self,
        name: str | None = None,
        table: str | None = None,
        engine: str | None = None,
        threads: int | None = None,
    ) -> OperationCosts:
        input_size = self.head.decoder.input_size
        if (name is None) is (table is None):
            raise LitePoseError(
                f'cost: expected either a name or a table, got {name!r} and {table!r}'
            )
        if table is None:
            return OperationCosts.count(self, name, input_size)
        costs = OperationCosts.load(table)
        costs.check(self.backbone.space, input_size, engine, threads)
        return costs

    @property
    def mixed_blocks(self) -> list[MixedBlock]:
        """All mixed blocks, from the shallowest to the deepest."""
        return self.backbone.mixed_blocks

    def architecture_parameters(self) -> list[nn.Parameter]:
        """Return the logits of the operations."""
        return [block.alpha for block in self.mixed_blocks]

    def set_temperature(self, temperature: float) -> None:
        """Divide all logits by a temperature."""
        for block in self.mixed_blocks:
            block.temperature = temperature

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Compute the losses of a step: those of the task, and ``loss_cost`` of the architecture's.

        ``cost`` is the expected cost of the network, for the log.
        """
        for block in self.mixed_blocks:
            block.paths = self.paths[self.phase]
        losses = super().loss(inputs, data_samples)
        if self.phase == 'architecture':
            cost = self.costs.expected(self.mixed_blocks)
            losses['loss_cost'] = self.cost_weight * cost.log()
            losses['cost'] = cost.detach()
        return losses


@MODELS.register_module()
class DifferentiableTopdownPoseEstimator(DifferentiableEstimator, TopdownPoseEstimator):
    """A top-down estimator that is searched by gradient; see :class:`DifferentiableEstimator`."""

    plain_type = 'TopdownPoseEstimator'


@MODELS.register_module()
class DifferentiableBottomupPoseEstimator(DifferentiableEstimator, MultiScaleBottomupPoseEstimator):
    """A bottom-up estimator that is searched by gradient; see :class:`DifferentiableEstimator`."""

    plain_type = 'MultiScaleBottomupPoseEstimator'
