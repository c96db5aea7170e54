"""EfficientNets of any compound coefficient, also below B0.

Papers: Tan and Le, "EfficientNet", ICML 2019; Neff et al., "EfficientHRNet", arXiv 2007.08090,
section 3.2 (compact EfficientNets B-1 to B-4).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from mmcv.cnn import build_conv_layer
from mmcv.cnn.bricks import DropPath
from mmengine.model import BaseModule
from mmpose.models.backbones.base_backbone import BaseBackbone
from mmpose.registry import MODELS
from torch import Tensor, nn

from ...errors import LitePoseError
from ...families.base import require_counts
from ...families.efficienthrnet import (
    MBCONV_STAGES,
    EfficientHRNetArchitecture,
    get_architecture,
)
from ..utils.layers import conv_bn_act
from .base import FamilyBackbone

Swish = dict(type='SiLU', inplace=True)
#: The strides of the features that :class:`CompactEfficientNet` can return.
STRIDES = (4, 8, 16, 32)


def _padded_conv(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, **layers
) -> nn.Sequential:
    """Build a convolution with BN and Swish that pads like TensorFlow.

    With stride 2, TensorFlow pads one pixel less at the top and the left.
    """
    if stride == 1:
        return conv_bn_act(in_channels, out_channels, kernel_size, act_cfg=Swish, **layers)
    conv = conv_bn_act(
        in_channels, out_channels, kernel_size, stride, act_cfg=Swish, padding=0, **layers
    )
    before, total = (kernel_size - stride) // 2, kernel_size - stride
    pad = nn.ZeroPad2d((before, total - before) * 2)
    return nn.Sequential(OrderedDict(pad=pad, **dict(conv.named_children())))


class SqueezeExcite(BaseModule):
    """Scale channels by a gate that sees the mean of every channel.

    Args:
        channels: Channels of input and output.
        reduced: Channels between the two 1x1 convolutions.
        conv_cfg: Layer type of the convolutions.
    """

    def __init__(self, channels: int, reduced: int, conv_cfg: dict | None = None):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.reduce = build_conv_layer(conv_cfg, channels, reduced, 1)
        self.act = nn.SiLU(inplace=True)
        self.expand = build_conv_layer(conv_cfg, reduced, channels, 1)
        self.gate = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(self.expand(self.act(self.reduce(self.pool(x)))))


class MBConv(BaseModule):
    """A 1x1 expansion, a depthwise convolution, squeeze and excitation, and a 1x1 projection.

    The input is added to the output if both have the same shape.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        expansion: The inner width is ``in_channels * expansion``; 1 leaves the expansion out.
        kernel_size: Kernel size of the depthwise convolution.
        stride: 1 or 2.
        drop_path: Probability with which training drops the block in favour of its input.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        expansion: int,
        kernel_size: int,
        stride: int,
        drop_path: float,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
    ):
        super().__init__()
        layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg)
        width = in_channels * expansion
        self.expand = (
            nn.Identity()
            if expansion == 1
            else conv_bn_act(in_channels, width, 1, act_cfg=Swish, **layers)
        )
        self.depthwise = _padded_conv(width, width, kernel_size, stride, groups=width, **layers)
        self.excite = SqueezeExcite(width, max(in_channels // 4, 1), conv_cfg)
        self.project = conv_bn_act(width, out_channels, 1, **layers)
        self.with_residual = stride == 1 and in_channels == out_channels
        self.drop_path = DropPath(drop_path if self.with_residual else 0.0)

    def forward(self, x: Tensor) -> Tensor:
        out = self.project(self.excite(self.depthwise(self.expand(x))))
        return x + self.drop_path(out) if self.with_residual else out


@MODELS.register_module()
class CompactEfficientNet(FamilyBackbone, BaseBackbone):
    """EfficientNet without its classifier.

    Positive coefficients follow EfficientHRNet's formula; these networks are not EfficientNet's B1
    to B7, whose widths and depths grow in other steps.

    Args:
        arch: The compound coefficient (0 for B0, -1 to -4 for the compact B-1 to B-4) or another
            form that :func:`litepose_mm.families.efficienthrnet.get_architecture` accepts.
        in_channels: Channels of the input image.
        out_strides: Strides of the features to return, of 4, 8, 16 and 32. Each is the deepest of
            its stride.
        drop_path: Probability with which training drops a block in favour of its input.
        conv_cfg: Layer type of the convolutions.
        norm_cfg: Layer type of the normalisation.
        init_cfg: Initialisation, as in MMEngine; None keeps torch's defaults.

    Raises:
        LitePoseError: The coefficient or another value is impossible, or there is no feature of a
            stride.
    """

    def __init__(
        self,
        arch: int | str | Mapping[str, Any] | EfficientHRNetArchitecture = 0,
        in_channels: int = 3,
        out_strides: Sequence[int] = STRIDES,
        drop_path: float = 0.2,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        if not out_strides or not set(out_strides) <= set(STRIDES):
            raise LitePoseError(
                f'out_strides: expected some of {STRIDES}, got {tuple(out_strides)}'
            )
        if not 0 <= drop_path < 1:
            raise LitePoseError(f'drop_path: expected a probability below 1, got {drop_path}')
        require_counts(in_channels=[in_channels])
        self.arch = get_architecture(arch)
        layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg)
        self.features = nn.ModuleList([_padded_conv(in_channels, self.arch.stem, 3, 2, **layers)])
        width, stride, deepest = self.arch.stem, 2, {}
        for (expansion, kernel, step), (channels, repeats) in zip(MBCONV_STAGES, self.arch.stages):
            stride *= step
            if stride > max(out_strides):
                break
            for index in range(repeats):
                self.features.append(
                    MBConv(
                        width,
                        channels,
                        expansion,
                        kernel,
                        step if index == 0 else 1,
                        drop_path,
                        **layers,
                    )
                )
                width = channels
            deepest[stride] = len(self.features) - 1
        self.out_indices = tuple(deepest[stride] for stride in out_strides)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the features of images ``(B, 3, H, W)``, each ``(B, C, H/s, W/s)``.

        ``H`` and ``W`` have to be multiples of the largest stride.
        """
        outputs = {}
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.out_indices:
                outputs[index] = x
        return tuple(outputs[index] for index in self.out_indices)
