"""LitePose's parts with elastic layers: one network that holds all those of a search space.

They are the static parts, built with other layers, and a method that sets the widths. LitePose
(CVPR 2022), section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from mmpose.registry import MODELS
from torch import Tensor

from ..architectures import Architecture, make_divisible
from ..errors import LitePoseError
from ..models.backbones import LitePose
from ..models.heads import FusionDeconvHead

_NORM = dict(type='ElasticBatchNorm2d')


@MODELS.register_module()
class ElasticLitePose(LitePose):
    """A LitePose backbone whose widths, depths and kernels can be changed.

    Args:
        arch: The largest architecture.
        kernel_sizes: Kernels that depthwise convolutions can take besides that of ``arch``.
        kwargs: See :class:`LitePose`.
    """

    def __init__(self, arch, kernel_sizes: Sequence[int] = (), **kwargs):
        conv = dict(type='ElasticConv2d', kernel_sizes=tuple(kernel_sizes))
        super().__init__(arch, conv_cfg=conv, norm_cfg=_NORM, **kwargs)
        # The stem's depthwise convolution has one kernel in every architecture.
        self.stem[1].conv.kernel_transforms.clear()
        self.depths = tuple(stage.num_blocks for stage in self.arch.stages)

    def activate(self, arch: Architecture) -> None:
        """Takes the widths, depths and kernels of ``arch``, of which the first blocks are used.

        Raises:
            LitePoseError: It is no part of the largest architecture.
        """
        _require_part(arch, self.arch)
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

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """See :class:`LitePose`; the features have the active widths."""
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
        kwargs: See :class:`FusionDeconvHead`.
    """

    def __init__(self, arch, **kwargs):
        super().__init__(
            arch=arch,
            conv_cfg=dict(type='ElasticConv2d'),
            norm_cfg=_NORM,
            deconv_cfg=dict(type='ElasticConvTranspose2d'),
            **kwargs,
        )

    def activate(self, arch: Architecture) -> None:
        """Takes the widths of ``arch``; those of its features follow from these.

        Raises:
            LitePoseError: A width is larger than this network's, or the count another.
        """
        if len(arch.deconv_setting) != len(self.deconvs):
            raise LitePoseError(
                f'expected {len(self.deconvs)} transposed convolutions, '
                f'got {len(arch.deconv_setting)}'
            )
        for deconv, width in zip(self.deconvs, arch.deconv_setting):
            for layer in filter(None, (deconv.refined, deconv.raw)):
                layer.active_out_channels = width


def _require_part(arch: Architecture, largest: Architecture) -> None:
    """Checks that the first channels and blocks of ``largest`` can be ``arch``."""
    if arch.strides != largest.strides:
        raise LitePoseError(
            f'expected an architecture with strides {largest.strides}, got {arch.strides}'
        )
    for index, (stage, most) in enumerate(zip(arch.stages, largest.stages)):
        if stage.num_blocks > most.num_blocks:
            raise LitePoseError(
                f'stage {index}: expected at most {most.num_blocks} blocks, got {stage.num_blocks}'
            )
