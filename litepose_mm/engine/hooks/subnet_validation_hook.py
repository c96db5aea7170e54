"""Validate the largest network of a supernet and some of its sub-networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from ...errors import LitePoseError
from ...nas import SubnetEvaluator
from ...nas.search_spaces import Architecture, SearchSpace, get_search_space
from ..utils.network import network_of


@HOOKS.register_module()
class SubnetValidationHook(Hook):
    """Calibrates and evaluates networks of a supernet at each validation.

    Validation and test evaluate the largest network, which would detect dozens of false people
    without calibration. The metrics of the other networks are added to those of the validation as
    ``<network>/<metric>``, in the log, in TensorBoard and for ``save_best``. The networks are
    distributed over the processes.

    Args:
        space: Name or plain data of the space, see :func:`litepose_mm.nas.get_search_space`.
        subnets: Further networks to evaluate, in any form that :meth:`SearchSpace.network` accepts:
            ``'smallest'``, names of architectures, JSON files and, for LitePose, width ratios of
            the space (applied to all widths, at the largest resolution).
        calibration_batches: Number of training batches that calibrate a network.

    Raises:
        LitePoseError: A network is not in the space.
    """

    # Before MMEngine's hook that writes the metrics to the log.
    priority = 'HIGHEST'
    supernet_only = True

    def __init__(
        self,
        space: str | Mapping[str, Any] | SearchSpace,
        subnets: Sequence[str | float] = ('smallest',),
        calibration_batches: int = 10,
    ) -> None:
        space = get_search_space(space)
        self.largest = space.largest
        self.archs = {_title(each): _architecture(each, space) for each in subnets}
        self.calibration_batches = calibration_batches
        self._evaluator: SubnetEvaluator | None = None
        self._learned: list[tuple[Tensor, Tensor]] = []

    def before_val_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Calibrate the largest network; at this point, averaged weights are already in place."""
        if batch_idx:
            return
        model = network_of(runner)
        if self._evaluator is None:
            self._evaluator = SubnetEvaluator(
                model, runner.cfg, self.calibration_batches, cache=False, split='val'
            )
        norms = [layer for layer in model.modules() if isinstance(layer, _BatchNorm)]
        self._learned = [(own, own.clone()) for norm in norms for own in norm.buffers()]
        model.activate(self.largest)
        self._evaluator.calibrate(model, self.largest)

    before_test_iter = before_val_iter

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Add the metrics of the other networks to those of the validation."""
        self._restore()
        found = self._evaluator.spread(list(self.archs.values()))
        for name, own in zip(self.archs, found):
            metrics.update({f'{name}/{key}': value for key, value in own.items()})

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Restore the running statistics of training."""
        self._restore()

    def _restore(self) -> None:
        for buffer, learned in self._learned:
            buffer.copy_(learned)
        self._learned = []


def _title(subnet: str | float) -> str:
    return str(subnet).rpartition('/')[2].removesuffix('.json')


def _architecture(subnet: str | float, space: SearchSpace) -> Architecture:
    try:
        return space.network(subnet)
    except LitePoseError as error:
        raise LitePoseError(f'SubnetValidationHook: {subnet}: {error}') from error
