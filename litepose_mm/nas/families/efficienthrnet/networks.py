"""EfficientHRNet's backbone with elastic layers, which holds all networks of a search space."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from mmpose.models.backbones.hrnet import HRModule
from mmpose.registry import MODELS
from torch import nn

from ....errors import LitePoseError
from ....families.efficienthrnet import EfficientHRNetArchitecture
from ....models.backbones import EfficientHRNet
from ...channel_order import ChannelGroup

#: Fields that determine the backbone and are equal in all of its networks.
_FIXED = ('stem', 'stages', 'modules', 'branch_blocks')


@MODELS.register_module()
class ElasticEfficientHRNet(EfficientHRNet):
    """An EfficientHRNet backbone whose three coarser branches, at 1/8 to 1/32, vary in width.

    A branch has one width in all stages. The finest branch is fixed, because HigherHRNet's head
    reads its features with the maps behind them: if there were fewer features, the maps would not
    be where the wide network's weights read them. For the same reason, the head is not elastic.
    The EfficientNet is fixed, because its widths are those of its pre-trained weights.

    Args:
        arch: The largest architecture.
        in_channels: Channels of the input image.
        efficientnet: Further arguments of the EfficientNet, see :class:`EfficientHRNet`.
        init_cfg: Initialisation, as in MMEngine; None keeps torch's defaults.
    """

    plain_type: ClassVar[str] = 'EfficientHRNet'

    def __init__(
        self,
        arch: int | str | Mapping[str, Any] | EfficientHRNetArchitecture = 0,
        in_channels: int = 3,
        efficientnet: Mapping[str, Any] | None = None,
        init_cfg: dict | None = None,
    ):
        super().__init__(
            arch,
            in_channels,
            efficientnet={'conv_cfg': None, 'norm_cfg': None, **(efficientnet or {})},
            conv_cfg=dict(type='ElasticConv2d'),
            norm_cfg=dict(type='ElasticBatchNorm2d'),
            init_cfg=init_cfg,
        )

    def activate(self, arch: EfficientHRNetArchitecture) -> None:
        """Set the widths of ``arch``.

        Raises:
            LitePoseError: See :meth:`check_part`; nothing is changed.
        """
        self.check_part(arch)
        widths = arch.widths
        for transition, modules in self._stages():
            for (conv, *_), width in zip(transition, widths):
                conv.active_out_channels = width
            for module in modules:
                for branch, width in zip(module.branches, widths):
                    for block in branch:
                        block.conv1.active_out_channels = width
                        block.conv2.active_out_channels = width
                for source, target, (*before, (last, *_)) in _exchanges(module):
                    for conv, *_ in before:
                        conv.active_out_channels = widths[source]
                    last.active_out_channels = widths[target]

    def check_part(self, arch: EfficientHRNetArchitecture) -> None:
        """Check that the backbone of ``arch`` is part of this one.

        Raises:
            LitePoseError: It is not; the message names the number that does not fit.
        """
        fixed = [(name, getattr(arch, name), getattr(self.arch, name)) for name in _FIXED]
        for name, value, own in (*fixed, ('widths[0]', arch.widths[0], self.arch.widths[0])):
            if value != own:
                raise LitePoseError(f'architecture: {name}: expected {own}, got {value}')
        for index, (width, most) in enumerate(zip(arch.widths, self.arch.widths)):
            if width > most:
                raise LitePoseError(
                    f'architecture: widths[{index}]: expected at most {most}, got {width}'
                )

    def channel_groups(
        self, features: Sequence[ChannelGroup] = ()
    ) -> tuple[list[ChannelGroup], list[ChannelGroup]]:
        """Return the groups of channels that move together in the largest network.

        Args:
            features: Ignored, because the channels of the input image do not move.

        Returns:
            All groups but those of the finest branch, whose channels are always used, and that of
            the output.
        """
        groups: list[ChannelGroup] = []
        branches: list[ChannelGroup] = []
        for transition, modules in self._stages():
            for group, (conv, *_) in zip(branches, transition):
                group.add_reader(conv)
            branches = [_written(ChannelGroup(), conv, bn) for conv, bn, _ in transition]
            groups += branches[1:]
            for module in modules:
                for branch, group in zip(module.branches, branches):
                    for block in branch:
                        group.add_reader(block.conv1)
                        inner = _written(ChannelGroup(), block.conv1, block.norm1)
                        inner.add_reader(block.conv2)
                        _written(group, block.conv2, block.norm2)  # the block adds its input
                        groups.append(inner)
                for source, target, (*before, (last, last_bn, *_)) in _exchanges(module):
                    group = branches[source]
                    for conv, bn, *_ in before:
                        group.add_reader(conv)
                        group = _written(ChannelGroup(), conv, bn)
                        groups.append(group)
                    group.add_reader(last)
                    _written(branches[target], last, last_bn)  # it is added to the branch
        return groups, branches[:1]

    def _stages(self) -> Iterator[tuple[Iterable[nn.Sequential], nn.Sequential]]:
        """Yield the transitions to the branches of each stage, and its modules."""
        for stage in range(1, 1 + len(self.arch.modules)):
            transition = getattr(self, f'transition{stage}')
            yield transition.values(), getattr(self, f'stage{stage + 1}')


def _exchanges(module: HRModule) -> Iterator[tuple[int, int, list[nn.Sequential]]]:
    """Yield two branches, source and target, and the steps between them.

    Each step begins with a convolution and its normalisation.
    """
    for target, layers in enumerate(module.fuse_layers):
        for source, layer in enumerate(layers):
            if source != target:
                yield source, target, [layer] if source > target else list(layer)


def _written(group: ChannelGroup, conv: nn.Module, bn: nn.Module) -> ChannelGroup:
    group.add_writer(conv)
    group.add_norm(bn)
    return group
