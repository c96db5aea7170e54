"""LitePose's backbone and head with elastic layers, which hold all networks of a search space.

They are the static parts with other layer types, and with methods that set the widths and describe
which channels belong together. LitePose (CVPR 2022), section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import ClassVar

from mmpose.registry import MODELS
from torch import Tensor, nn

from ....errors import LitePoseError
from ....families.litepose import Architecture, get_architecture, make_divisible
from ....models.backbones import LitePose
from ....models.heads import FusionDeconvHead
from ...channel_order import ChannelGroup

_NORM = dict(type='ElasticBatchNorm2d')


@MODELS.register_module()
class ElasticLitePose(LitePose):
    """A LitePose backbone whose widths, depths and kernel sizes can be changed.

    Args:
        arch: The largest architecture.
        kernel_sizes: Kernel sizes of depthwise convolutions in addition to those of ``arch``.
        kwargs: Arguments of :class:`LitePose`.
    """

    plain_type: ClassVar[str] = 'LitePose'
    elastic_options: ClassVar[tuple[str, ...]] = ('kernel_sizes',)

    def __init__(self, arch, kernel_sizes: Sequence[int] = (), **kwargs):
        conv = dict(type='ElasticConv2d', kernel_sizes=tuple(kernel_sizes))
        super().__init__(arch, conv_cfg=conv, norm_cfg=_NORM, **kwargs)
        # The stem's depthwise convolution has the same kernel size in every architecture.
        self.stem[1].conv.kernel_transforms.clear()
        self.depths = tuple(stage.num_blocks for stage in self.arch.stages)

    def activate(self, arch: Architecture) -> None:
        """Set the widths, depths and kernel sizes of ``arch``; stages use their first blocks.

        Raises:
            LitePoseError: See :meth:`check_part`; nothing is changed.
        """
        self.check_part(arch)
        width = arch.input_channel
        self.stem[2].conv.active_out_channels = width
        for blocks, stage in zip(self.stages, arch.stages):
            for block, (expansion, kernel) in zip(blocks, stage.block_setting):
                inner = make_divisible(round(width * expansion))
                block.expand.conv.active_out_channels = inner
                block.depthwise.conv.active_kernel_size = kernel
                block.project.conv.active_out_channels = stage.channel
                strided = block.depthwise.conv.stride != (1, 1)
                block.with_residual = not strided and width == stage.channel
                width = stage.channel
        self.depths = tuple(stage.num_blocks for stage in arch.stages)

    def check_part(self, arch: Architecture) -> None:
        """Check that the backbone of ``arch`` is part of this one.

        Raises:
            LitePoseError: It is not; the message names the number that is too large.
        """
        if arch.strides != self.arch.strides:
            raise LitePoseError(
                f'architecture: expected strides {self.arch.strides}, got {arch.strides}'
            )
        _at_most('input_channel', arch.input_channel, self.arch.input_channel)
        for i, (stage, most) in enumerate(zip(arch.stages, self.arch.stages)):
            _at_most(f'backbone_setting[{i}].channel', stage.channel, most.channel)
            _at_most(f'backbone_setting[{i}].num_blocks', stage.num_blocks, most.num_blocks)
            for j, ((expansion, kernel), (wide, _)) in enumerate(
                zip(stage.block_setting, most.block_setting)
            ):
                name = f'backbone_setting[{i}].block_setting[{j}]'
                _at_most(f'{name}[0]', expansion, wide)
                kernels = self.stages[i][j].depthwise.conv.kernels
                if kernel not in kernels:
                    raise LitePoseError(
                        f'architecture: {name}[1]: expected one of {kernels}, got {kernel}'
                    )

    def channel_groups(
        self, features: Sequence[ChannelGroup] = ()
    ) -> tuple[list[ChannelGroup], list[ChannelGroup]]:
        """Return the groups of channels that move together in the largest network.

        Args:
            features: Ignored, because the channels of the input image do not move.

        Returns:
            All groups, and the groups of the features that :meth:`forward` returns. A block that
            adds its input shares the group of the input, so several features can have one group.
        """
        inner, group = [], ChannelGroup()
        _add_written(group, self.stem[2])
        features = [group]
        for stage in self.stages:
            for block in stage:
                hidden = ChannelGroup()
                _add_written(hidden, block.expand)
                _add_written(hidden, block.depthwise)
                hidden.add_reader(block.project.conv)
                inner.append(hidden)
                group.add_reader(block.expand.conv)
                # This compares the full widths, whichever network is active.
                adds_input = block.depthwise.conv.stride == (1, 1) and (
                    block.expand.conv.in_channels == block.project.conv.out_channels
                )
                if not adds_input:
                    group = ChannelGroup()
                _add_written(group, block.project)
            features.append(group)
        return [*inner, *features], [features[index] for index in self.out_indices]

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the features at their active widths; see :class:`LitePose`."""
        features = [self.stem(x)]
        for blocks, depth in zip(self.stages, self.depths):
            x = features[-1]
            for block in islice(blocks, depth):
                x = block(x)
            features.append(x)
        return tuple(features[index] for index in self.out_indices)


@MODELS.register_module()
class ElasticFusionDeconvHead(FusionDeconvHead):
    """LitePose's head with transposed convolutions of variable width.

    Args:
        arch: The largest architecture.
        kwargs: Arguments of :class:`FusionDeconvHead`.
    """

    plain_type: ClassVar[str] = 'FusionDeconvHead'

    def __init__(self, arch, **kwargs):
        super().__init__(
            arch=arch,
            conv_cfg=dict(type='ElasticConv2d'),
            norm_cfg=_NORM,
            deconv_cfg=dict(type='ElasticConvTranspose2d'),
            **kwargs,
        )
        self.arch = get_architecture(arch)

    def activate(self, arch: Architecture) -> None:
        """Set the widths of ``arch``.

        Raises:
            LitePoseError: See :meth:`check_part`; nothing is changed.
        """
        self.check_part(arch)
        for deconv, width in zip(self.deconvs, arch.deconv_setting):
            for layer in filter(None, (deconv.refined, deconv.raw)):
                layer.active_out_channels = width

    def check_part(self, arch: Architecture) -> None:
        """Check that the head of ``arch`` is part of this one.

        Raises:
            LitePoseError: It is not; the message names the number that does not fit.
        """
        for name, value, own in (
            ('fusion', arch.fusion, any(deconv.raw is not None for deconv in self.deconvs)),
            ('len(deconv_setting)', len(arch.deconv_setting), len(self.deconvs)),
        ):
            if value != own:
                raise LitePoseError(f'architecture: {name}: expected {own}, got {value}')
        for i, (width, deconv) in enumerate(zip(arch.deconv_setting, self.deconvs)):
            _at_most(f'deconv_setting[{i}]', width, deconv.refined.out_channels)

    def channel_groups(
        self, features: Sequence[ChannelGroup]
    ) -> tuple[list[ChannelGroup], list[ChannelGroup]]:
        """Return the groups of channels that move together in the largest network.

        Args:
            features: The groups of the head's inputs, to which the layers that read them are added.

        Returns:
            The groups of the transposed convolutions, and an empty list, because the channels of
            the outputs do not move.
        """
        for index, group in enumerate(features):
            deconvs, outputs = self.raw_readers(index)
            for deconv in deconvs:
                group.add_reader(deconv.raw)
            for output in outputs:
                _add_separable_reader(group, output.raw)
        features[-1].add_reader(self.deconvs[0].refined)
        groups, first_output = [], len(self.deconvs) - len(self.outputs)
        for index, deconv in enumerate(self.deconvs):
            group = ChannelGroup()
            for layer in filter(None, (deconv.refined, deconv.raw)):
                group.add_writer(layer)
            group.add_norm(deconv.bn)
            if index + 1 < len(self.deconvs):
                group.add_reader(self.deconvs[index + 1].refined)
            if index >= first_output:
                _add_separable_reader(group, self.outputs[index - first_output].refined)
            groups.append(group)
        return groups, []


def _add_written(group: ChannelGroup, layer: nn.Module) -> None:
    group.add_writer(layer.conv)
    group.add_norm(layer.bn)


def _add_separable_reader(group: ChannelGroup, layer: nn.Module) -> None:
    """Add a separable convolution that reads the channels, which its depthwise part keeps."""
    _add_written(group, layer.depthwise)
    group.add_reader(layer.pointwise)


def _at_most(name: str, value: int, most: int) -> None:
    if value > most:
        raise LitePoseError(f'architecture: {name}: expected at most {most}, got {value}')
