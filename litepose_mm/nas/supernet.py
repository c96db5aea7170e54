"""Estimators that hold many networks and can train several of them in one step."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.models import TopdownPoseEstimator, build_pose_estimator
from mmpose.registry import MODELS
from mmpose.utils.typing import SampleList
from torch import Tensor, nn

from ..checkpoints import load_weights
from ..errors import LitePoseError, reason
from ..models.distillers import DistilledBottomupPoseEstimator
from ..models.pose_estimators import MultiScaleBottomupPoseEstimator
from ..utils.config_files import read_config
from .resolution import resize_batch
from .search_spaces import Architecture, get_search_space
from .subnet_config import input_size_of


def read_supernet_config(path: str | Path, options: Mapping[str, Any] | None = None) -> Config:
    """Read the config of a supernet and make MMPose's scope the default.

    Args:
        path: Path of the config.
        options: Overrides in the form of ``--cfg-options``.

    Raises:
        LitePoseError: The config cannot be read or is not that of a supernet.
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
    """Return the config of a trained supernet, and the supernet in eval mode.

    Args:
        config: Config file with ``search_space``.
        checkpoint: Weights of the supernet, which may be the authors'.
        device: Device of the supernet.
        options: Overrides of the config in the form of ``--cfg-options``.

    Raises:
        LitePoseError: The config cannot be read, is not that of a supernet or has a search space
            that does not fit its model; or the weights do not fit, or the device does not exist.
    """
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch was built without CUDA
        raise LitePoseError(f'device: {device!r} is not available: {reason(error)}') from error
    read = read_supernet_config(config, options)
    supernet = build_pose_estimator(read.model).eval()
    try:
        supernet.activate(get_search_space(read.search_space).largest)
    except LitePoseError as error:
        raise LitePoseError(f'{config}: search_space does not fit the model: {error}') from error
    load_weights(supernet, checkpoint)
    return read, supernet.to(device)


def default_device() -> str:
    """Return the GPU of this process, or the CPU if there is none."""
    if not torch.cuda.is_available():
        return 'cpu'
    return f'cuda:{int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count()}'


class ElasticEstimator:
    """Base of estimators with elastic parts, of which one network is active at a time.

    An elastic part is a backbone, neck or head of the estimator that has:

    - ``arch``: the largest architecture, which is also an argument of the part and its plain type;
    - ``check_part(arch)``, which raises :class:`LitePoseError` if a network is not contained in the
      part, and ``activate(arch)``, which makes the part compute that network;
    - ``channel_groups(features)``, which takes the
      :class:`litepose_mm.nas.channel_order.ChannelGroup` of each input, adds the layers that read
      it, and returns the part's own groups and those of its outputs;
    - ``plain_type``, the registered type of the static part, and optionally ``elastic_options``,
      the arguments that this type does not accept. Estimators have both, too.

    ``activate`` changes the part itself and layers with a ``choice``, such as those of
    :mod:`litepose_mm.nas.elastic_layers`. Names and shapes of weights are those of the plain type.

    Attributes:
        active_arch: The active network, initially the largest one.
        training_archs: The networks of a training step; if empty, the active one.

    Raises:
        LitePoseError: No part is elastic.
    """

    plain_type: ClassVar[str]
    elastic_options: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if not self.elastic_parts:
            parts = ', '.join(type(part).__name__ for part in self.children())
            raise LitePoseError(
                f'model: expected an elastic backbone or head for a supernet, got {parts}'
            )
        self.active_arch: Architecture = self.elastic_parts[0].arch
        self.training_archs: Sequence[Architecture] = ()

    @property
    def elastic_parts(self) -> list[nn.Module]:
        """The elastic parts, from the backbone to the head."""
        return [part for part in self.children() if hasattr(part, 'activate')]

    def activate(self, arch: Architecture) -> None:
        """Activate the network of ``arch``, whose weights are shared by all networks.

        Raises:
            LitePoseError: ``arch`` is not part of the largest architecture, or is that of another
                family; nothing is changed.
        """
        kind = type(self.elastic_parts[0].arch)
        if not isinstance(arch, kind):
            raise LitePoseError(
                f'architecture: expected {_full_name(kind)}, got {_full_name(type(arch))}'
            )
        for part in self.elastic_parts:
            part.check_part(arch)
        for part in self.elastic_parts:
            part.activate(arch)
        self.active_arch = arch

    def _mean_losses(
        self, losses_of: Callable[[Architecture], dict[str, Tensor]]
    ) -> dict[str, Tensor]:
        """Activate each of ``training_archs`` in turn and return the mean losses."""
        archs = self.training_archs or [self.active_arch]
        total: dict[str, Tensor] = {}
        for arch in archs:
            self.activate(arch)
            for name, value in losses_of(arch).items():
                total[name] = total.get(name, 0) + value / len(archs)
        return total


def _full_name(kind: type) -> str:
    return f'{kind.__module__}.{kind.__qualname__}'


@MODELS.register_module()
class SupernetBottomupPoseEstimator(ElasticEstimator, MultiScaleBottomupPoseEstimator):
    """A supernet, whose active network :meth:`activate` chooses.

    A training step minimises the mean loss of ``training_archs``, each at its own resolution. The
    paper samples one network for every step.

    Args:
        kwargs: Arguments of :class:`MultiScaleBottomupPoseEstimator`, with elastic parts.
    """

    plain_type = 'MultiScaleBottomupPoseEstimator'

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Compute the mean losses of ``training_archs``.

        Raises:
            LitePoseError: The images do not have the codec's size.
        """

        def losses_of(arch: Architecture) -> dict[str, Tensor]:
            codec = self.head.decoder
            size = input_size_of(codec.input_size, arch)
            images, samples = resize_batch(inputs, data_samples, codec, size)
            return super(SupernetBottomupPoseEstimator, self).loss(images, samples)

        return self._mean_losses(losses_of)


@MODELS.register_module()
class DistilledSupernetBottomupPoseEstimator(ElasticEstimator, DistilledBottomupPoseEstimator):
    """A supernet whose networks learn from a teacher, all at the resolution of the codec.

    If the supernet starts from the teacher's weights, its narrow networks regain the accuracy that
    they lose by being narrow (LitePose sections 4 and 5.3). There is only one resolution, because
    the teacher's maps at another resolution would have another sigma.

    Args:
        kwargs: Arguments of :class:`DistilledBottomupPoseEstimator`, with elastic parts.
    """

    plain_type = 'DistilledBottomupPoseEstimator'

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Compute the mean losses of ``training_archs``, running the teacher once per batch.

        Raises:
            LitePoseError: The resolution of a network is not that of the codec.
        """
        size = min(self.head.decoder.input_size)
        taught = self._taught(inputs)

        def losses_of(arch: Architecture) -> dict[str, Tensor]:
            if arch.img_size != size:
                raise LitePoseError(
                    f'distillation: expected networks at the resolution {size} of the codec, got '
                    f'{arch.img_size}'
                )
            return self._student_losses(inputs, data_samples, taught)

        return self._mean_losses(losses_of)


@MODELS.register_module()
class SupernetTopdownPoseEstimator(ElasticEstimator, TopdownPoseEstimator):
    """A supernet of top-down networks, all at the resolution of the codec.

    A training step minimises the mean loss of ``training_archs``.

    Args:
        kwargs: Arguments of MMPose's ``TopdownPoseEstimator``, with elastic parts.
    """

    plain_type = 'TopdownPoseEstimator'

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Compute the mean losses of ``training_archs``."""
        own = super().loss
        return self._mean_losses(lambda arch: own(inputs, data_samples))
