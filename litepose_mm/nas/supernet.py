"""An estimator that is many networks, and learns several of them in a step."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator
from mmpose.registry import MODELS
from mmpose.utils.typing import SampleList
from torch import Tensor, nn

from ..checkpoints import load_weights
from ..errors import LitePoseError, reason
from ..models.distillers import DistilledBottomupPoseEstimator
from ..models.pose_estimators import MultiScaleBottomupPoseEstimator
from ..utils.config_files import read_config
from .resolution import at_resolution
from .search_spaces import Architecture, get_search_space


def read_supernet_config(path: str | Path, options: Mapping[str, Any] | None = None) -> Config:
    """Reads a supernet's config, and makes the scope of its components the default.

    Args:
        path: The config.
        options: What takes precedence over it, as ``--cfg-options`` gives it.

    Raises:
        LitePoseError: It cannot be read or is not that of a supernet.
    """
    config = read_config(path)
    config.merge_from_dict(dict(options or {}))
    if 'search_space' not in config:
        raise LitePoseError(f'{path}: expected the config of a supernet, with search_space')
    init_default_scope('mmpose')
    return config


def load_supernet(
    config: str | Path,
    checkpoint: str | Path,
    device: str = 'cpu',
    options: Mapping[str, Any] | None = None,
) -> tuple[Config, ElasticEstimator]:
    """A trained supernet, in eval mode, and its config.

    Args:
        config: Config file with ``search_space``.
        checkpoint: Its weights, or those of the authors' supernet.
        device: Where it is put.
        options: What takes precedence over the config, as ``--cfg-options`` gives it.

    Raises:
        LitePoseError: The config cannot be read, is not that of a supernet or has a search space
            that is no part of the model, the weights do not fit, or there is no such device.
    """
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # the latter: built without CUDA
        raise LitePoseError(f'no device {device!r} here: {reason(error)}') from error
    read = read_supernet_config(config, options)
    supernet = build_pose_estimator(read.model).eval()
    try:
        supernet.activate(get_search_space(read.search_space).largest)
    except LitePoseError as error:
        raise LitePoseError(f'{config}: search_space is not of its model: {error}') from error
    load_weights(supernet, checkpoint)
    return read, supernet.to(device)


def default_device() -> str:
    """The GPU of this process of a group, where there is one; otherwise the processor."""
    if not torch.cuda.is_available():
        return 'cpu'
    return f'cuda:{int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count()}'


class ElasticEstimator:
    """What estimators of elastic parts share: they are one of many networks at a time.

    Elastic parts are those of the estimator's children, backbone, neck or head, that have:

    - ``arch``: the largest architecture, also an argument of theirs and of their plain type;
    - ``check_part(arch)``, which raises :class:`LitePoseError` where a network is not a part of
      them, and ``activate(arch)``, after which they compute that network;
    - ``channel_groups(features)``: from the :class:`litepose_mm.nas.channel_order.ChannelGroup`
      of each input, to which they add what reads it, their own groups and those of their outputs;
    - ``plain_type``, the registered type of the same network without a choice, and optionally
      ``elastic_options``, the arguments that it does not take. Estimators have both, too.

    ``activate`` changes the part itself and layers with a ``choice``, such as those of
    :mod:`litepose_mm.nas.elastic_layers`; names and shapes of weights are those of the plain type.

    Attributes:
        active_arch: The network that it is; the largest one until another is chosen.
        training_archs: The networks of a step of training; the active one where there is none.

    Raises:
        LitePoseError: No part is elastic.
    """

    plain_type: ClassVar[str]
    elastic_options: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if not self.elastic_parts:
            parts = ', '.join(type(part).__name__ for part in self.children())
            raise LitePoseError(f'a supernet needs an elastic backbone or head, got {parts}')
        self.active_arch: Architecture = self.elastic_parts[0].arch
        self.training_archs: Sequence[Architecture] = ()

    @property
    def elastic_parts(self) -> list[nn.Module]:
        """The parts that change with the architecture, from the backbone to the head."""
        return [part for part in self.children() if hasattr(part, 'activate')]

    def activate(self, arch: Architecture) -> None:
        """Becomes the network of ``arch``, with weights that all networks share.

        Raises:
            LitePoseError: ``arch`` is not a part of the largest architecture; nothing is changed.
        """
        for part in self.elastic_parts:
            part.check_part(arch)
        for part in self.elastic_parts:
            part.activate(arch)
        self.active_arch = arch

    def _mean_losses(
        self, losses_of: Callable[[Architecture], dict[str, Tensor]]
    ) -> dict[str, Tensor]:
        """Means over ``training_archs``, each active in its turn; their graphs stay in memory."""
        archs = self.training_archs or [self.active_arch]
        total: dict[str, Tensor] = {}
        for arch in archs:
            self.activate(arch)
            for name, value in losses_of(arch).items():
                total[name] = total.get(name, 0) + value / len(archs)
        return total


@MODELS.register_module()
class SupernetBottomupPoseEstimator(ElasticEstimator, MultiScaleBottomupPoseEstimator):
    """An estimator of elastic parts; :meth:`activate` chooses the network that it is.

    A training step goes through ``training_archs``, each at its own resolution, and takes the mean
    of their losses. The paper draws one network for every step.

    Args:
        kwargs: See :class:`MultiScaleBottomupPoseEstimator`, with elastic parts.
    """

    plain_type = 'MultiScaleBottomupPoseEstimator'

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Mean losses of ``training_archs``.

        Raises:
            LitePoseError: Images are not of the codec's size.
        """

        def losses_of(arch: Architecture) -> dict[str, Tensor]:
            images, samples = at_resolution(inputs, data_samples, self.head.decoder, arch.img_size)
            return super(SupernetBottomupPoseEstimator, self).loss(images, samples)

        return self._mean_losses(losses_of)


@MODELS.register_module()
class DistilledSupernetBottomupPoseEstimator(ElasticEstimator, DistilledBottomupPoseEstimator):
    """A supernet whose networks learn from a teacher, all at the resolution of the codec.

    Seeded from the teacher itself, its narrow networks recover what they lose by being narrow
    (LitePose sections 4 and 5.3). A teacher's maps at another resolution have another sigma, so
    resolutions are not switched.

    Args:
        kwargs: See :class:`DistilledBottomupPoseEstimator`, with elastic parts.
    """

    plain_type = 'DistilledBottomupPoseEstimator'

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Mean losses of ``training_archs``; the teacher looks at the batch once.

        Raises:
            LitePoseError: A network has another resolution than the codec.
        """
        size = min(self.head.decoder.input_size)
        taught = self._taught(inputs)

        def losses_of(arch: Architecture) -> dict[str, Tensor]:
            if arch.img_size != size:
                raise LitePoseError(
                    f'distillation: expected networks of the resolution {size}, got {arch.img_size}'
                )
            return self._student_losses(inputs, data_samples, taught)

        return self._mean_losses(losses_of)
