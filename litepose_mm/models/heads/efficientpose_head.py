"""EfficientPose's head: slim transposed convolutions and spatial information correction.

Paper: Zhang et al., "EfficientPose: Efficient Human Pose Estimation with Neural Architecture
Search", arXiv 2012.07086, section 3.3 and tables 6 to 8.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from mmpose.models.heads import HeatmapHead
from mmpose.registry import MODELS
from torch import nn

from ...errors import LitePoseError
from ...families.efficientpose import DECONV_STYLES
from ..utils.layers import conv_bn_act

ReLU = dict(type='ReLU', inplace=True)
# MobileNetV2's expansion.
_EXPANSION = 6


@MODELS.register_module()
class EfficientPoseHead(HeatmapHead):
    """MMPose's heatmap head with slim transposed convolutions, behind which SIC follows.

    The styles of Table 8 double the resolution in a depthwise transposed convolution: ``'mbv1'``
    in a separable one, ``'mbv2'`` between a 1x1 expansion and a 1x1 projection without activation.
    The paper does not say whether SIC has BN and ReLU; here it has both, like the layers before.

    Args:
        in_channels: Channels of the backbone's deepest feature.
        out_channels: Number of keypoints, ``K``.
        deconv_out_channels: Widths of the transposed convolutions.
        deconv_kernel_sizes: Their kernel sizes, all of them 4.
        deconv_style: ``'plain'``, ``'mbv1'`` or ``'mbv2'``.
        sic: Whether spatial information correction, a depthwise 3x3 convolution, follows.
        kwargs: Other arguments of MMPose's ``HeatmapHead``.

    Raises:
        LitePoseError: The style is unknown, or a kernel size is not 4.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        deconv_out_channels: Sequence[int] = (64, 32),
        deconv_kernel_sizes: Sequence[int] = (4, 4),
        deconv_style: str = 'plain',
        sic: bool = True,
        **kwargs,
    ):
        if deconv_style not in DECONV_STYLES:
            raise LitePoseError(
                f'deconv_style: expected one of {", ".join(DECONV_STYLES)}, got {deconv_style!r}'
            )
        if not set(deconv_kernel_sizes) <= {4}:
            raise LitePoseError(
                f'deconv_kernel_sizes: expected 4 for each, got {tuple(deconv_kernel_sizes)}'
            )
        self._style = deconv_style
        super().__init__(
            in_channels,
            out_channels,
            deconv_out_channels=deconv_out_channels,
            deconv_kernel_sizes=deconv_kernel_sizes,
            **kwargs,
        )
        if sic:
            width = deconv_out_channels[-1]
            self.conv_layers = nn.Sequential(
                conv_bn_act(width, width, 3, groups=width, act_cfg=ReLU)
            )

    def _make_deconv_layers(
        self,
        in_channels: int,
        layer_out_channels: Sequence[int],
        layer_kernel_sizes: Sequence[int],
    ) -> nn.Sequential:
        layers = nn.Sequential()
        for out_channels in layer_out_channels:
            layers.append(_upsampling(self._style, in_channels, out_channels))
            in_channels = out_channels
        return layers


def _upsampling(style: str, in_channels: int, out_channels: int) -> nn.Sequential:
    """Build layers that double the resolution."""
    if style == 'plain':
        return _deconv(in_channels, out_channels)
    if style == 'mbv1':
        return nn.Sequential(
            OrderedDict(
                depthwise=_deconv(in_channels, in_channels, groups=in_channels),
                pointwise=conv_bn_act(in_channels, out_channels, 1, act_cfg=ReLU),
            )
        )
    width = _EXPANSION * in_channels
    return nn.Sequential(
        OrderedDict(
            expand=conv_bn_act(in_channels, width, 1, act_cfg=ReLU),
            depthwise=_deconv(width, width, groups=width),
            project=conv_bn_act(width, out_channels, 1),
        )
    )


def _deconv(in_channels: int, out_channels: int, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(
            conv=nn.ConvTranspose2d(
                in_channels, out_channels, 4, stride=2, padding=1, groups=groups, bias=False
            ),
            bn=nn.BatchNorm2d(out_channels),
            act=nn.ReLU(inplace=True),
        )
    )
