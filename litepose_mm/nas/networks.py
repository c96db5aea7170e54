"""LitePose's parts with elastic layers: one network that holds all those of a search space.

They are the static parts, built with other layers, and a method that sets the widths. LitePose
(CVPR 2022), section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from mmpose.registry import MODELS
from torch import Tensor

from ..errors import LitePoseError
from ..families.litepose import Architecture, make_divisible
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
        """Checks that the first channels and blocks of this backbone can be that of ``arch``.

        Raises:
            LitePoseError: They cannot; the message names what is too large.
        """
        if arch.strides != self.arch.strides:
            raise LitePoseError(
                f'architecture: strides must be {self.arch.strides}, got {arch.strides}'
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
                        f'architecture: {name}[1] must be one of {kernels}, got {kernel}'
                    )

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
            LitePoseError: See :meth:`check_part`; nothing is changed.
        """
        self.check_part(arch)
        for deconv, width in zip(self.deconvs, arch.deconv_setting):
            for layer in filter(None, (deconv.refined, deconv.raw)):
                layer.active_out_channels = width

    def check_part(self, arch: Architecture) -> None:
        """Checks that the first channels of this head can be that of ``arch``.

        Raises:
            LitePoseError: They cannot; the message names what is too large.
        """
        for name, value, own in (
            ('fusion', arch.fusion, any(deconv.raw is not None for deconv in self.deconvs)),
            ('len(deconv_setting)', len(arch.deconv_setting), len(self.deconvs)),
        ):
            if value != own:
                raise LitePoseError(f'architecture: {name} must be {own}, got {value}')
        for i, (width, deconv) in enumerate(zip(arch.deconv_setting, self.deconvs)):
            _at_most(f'deconv_setting[{i}]', width, deconv.refined.out_channels)


def _at_most(name: str, value: int, most: int) -> None:
    if value > most:
        raise LitePoseError(f'architecture: {name} must be at most {most}, got {value}')
