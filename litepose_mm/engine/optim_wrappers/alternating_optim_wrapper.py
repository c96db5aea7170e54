"""Two optimisers, for weights and for architecture parameters, of which a step uses one."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.optim import OptimWrapperDict
from mmengine.registry import OPTIMIZERS
from mmpose.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS
from torch import nn

from ...errors import LitePoseError
from ..utils.network import unwrapped

_PHASES = ('weights', 'architecture')


class AlternatingOptimWrapper(OptimWrapperDict):
    """Updates the parameters of one of two optimisers, as any model's training step asks for.

    The parameters of the other one need no gradient in the meantime, which saves their memory, and
    they get none, which the next step would add to its own.

    Attributes:
        active: Name of the optimiser of the next step, ``'weights'`` or ``'architecture'``.
    """

    active = 'weights'

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Let only the active parameters have gradients, and enter their wrapper's context."""
        for name, wrapper in self.items():
            for group in wrapper.optimizer.param_groups:
                for parameter in group['params']:
                    parameter.requires_grad_(name == self.active)
        with self[self.active].optim_context(model):
            yield

    def update_params(
        self,
        loss: torch.Tensor,
        step_kwargs: dict | None = None,
        zero_kwargs: dict | None = None,
    ) -> None:
        """Update the active parameters."""
        self[self.active].update_params(loss, step_kwargs, zero_kwargs)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class AlternatingOptimWrapperConstructor:
    """Builds the optimisers of a differentiable estimator.

    Args:
        optim_wrapper_cfg: ``weights`` and ``architecture``, each a config of an optimiser wrapper.
        paramwise_cfg: Must be None.

    Raises:
        LitePoseError: One of them is missing, or there is something else.
    """

    def __init__(
        self, optim_wrapper_cfg: Mapping[str, Any], paramwise_cfg: dict | None = None
    ) -> None:
        if paramwise_cfg is not None or optim_wrapper_cfg.keys() != {*_PHASES}:
            others = [*optim_wrapper_cfg, *(['paramwise_cfg'] if paramwise_cfg else [])]
            raise LitePoseError(
                'optim_wrapper: expected weights and architecture, each with an optimizer, got '
                f'{", ".join(others)}'
            )
        self.configs = copy.deepcopy(dict(optim_wrapper_cfg))

    def __call__(self, model: nn.Module) -> AlternatingOptimWrapper:
        """Build the optimisers of a model.

        Raises:
            LitePoseError: The model is no differentiable estimator.
        """
        network = unwrapped(model)
        if not hasattr(network, 'architecture_parameters'):
            raise LitePoseError(
                'AlternatingOptimWrapperConstructor: expected a differentiable estimator, got '
                f'{type(network).__name__}'
            )
        architecture = network.architecture_parameters()
        own = {id(each) for each in architecture}
        weights = [each for each in network.parameters() if id(each) not in own]
        wrappers = {}
        for name, parameters in zip(_PHASES, (weights, architecture)):
            config = dict(self.configs[name])
            config.setdefault('type', 'OptimWrapper')
            config['optimizer'] = OPTIMIZERS.build(dict(config['optimizer'], params=parameters))
            wrappers[name] = OPTIM_WRAPPERS.build(config)
        return AlternatingOptimWrapper(**wrappers)
