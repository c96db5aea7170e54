"""Validation of some of a supernet's networks while it learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ...architectures import Architecture, get_architecture
from ...errors import LitePoseError
from ...nas import SubnetEvaluator
from ...search_spaces import SearchSpace, get_search_space
from .network import network_of


@HOOKS.register_module()
class SubnetValidationHook(Hook):
    """Evaluates networks of the supernet at each validation, their statistics calibrated.

    The validation's own figures are of the largest network with the statistics that all widths left
    behind, often 0. Those of the hook follow them, as ``<network>/<metric>``, in the log, in
    TensorBoard and for ``save_best``. Networks are spread over processes.

    Args:
        space: Name or plain data of the space, see :data:`SEARCH_SPACES`.
        subnets: ``'smallest'``, ``'largest'``, ratios of the space (all widths, its largest
            resolution), names of architectures or JSON files.
        calibration_batches: How many batches of training calibrate a network.

    Raises:
        LitePoseError: A network is not in the space.
    """

    # Before MMEngine's hook that hands the metrics to the log.
    priority = 'HIGHEST'

    def __init__(
        self,
        space: str | Mapping[str, Any] | SearchSpace,
        subnets: Sequence[str | float] = ('smallest', 'largest'),
        calibration_batches: int = 10,
    ) -> None:
        space = get_search_space(space)
        self.archs = {_title(each): _architecture(each, space) for each in subnets}
        self.calibration_batches = calibration_batches
        self._evaluator: SubnetEvaluator | None = None

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Adds the networks' metrics to those of the validation."""
        model = network_of(runner)
        if self._evaluator is None:
            self._evaluator = SubnetEvaluator(
                model, runner.cfg, self.calibration_batches, cache=False, pictures='val'
            )
        found = self._evaluator.spread(list(self.archs.values()))
        for name, own in zip(self.archs, found):
            metrics.update({f'{name}/{key}': value for key, value in own.items()})


def _title(subnet: str | float) -> str:
    return str(subnet).rpartition('/')[2].removesuffix('.json')


def _architecture(subnet: str | float, space: SearchSpace) -> Architecture:
    if subnet in ('smallest', 'largest'):
        return getattr(space, str(subnet))
    if isinstance(subnet, str):
        arch = get_architecture(subnet)
        try:
            space.encode(arch)
        except LitePoseError as error:
            raise LitePoseError(f'SubnetValidationHook: {subnet}: {error}') from error
        return arch
    return space.uniform(subnet)
