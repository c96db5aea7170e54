"""The backbone of Lightweight OpenPose: MobileNet v1 with a dilation instead of a stride.

Paper: Osokin, "Real-time 2D Multi-Person Pose Estimation on CPU: Lightweight OpenPose", 2018,
section 3.2.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from mmpose.models.backbones.base_backbone import BaseBackbone
from mmpose.registry import MODELS
from torch import Tensor, nn

from ...errors import LitePoseError
from ...families.base import require_counts
from ...families.lightweight_openpose import MOBILENET
from ..utils.layers import conv_bn_act
from .base import FamilyBackbone

ReLU = dict(type='ReLU', inplace=True)


@MODELS.register_module()
class DilatedMobileNet(FamilyBackbone, BaseBackbone):
    """A convolution with stride 2, then separable convolutions with BN and ReLU after each part.

    Args:
        stem: Width of the first convolution.
        layers: Width, stride and dilation of each separable convolution. The stride and the
            dilation are those of its depthwise part. The default has stride 8 in total.
        in_channels: Channels of the input image.
        conv_cfg: Layer type of the convolutions.
        norm_cfg: Layer type of the normalisation.
        init_cfg: Initialisation, as in MMEngine. None keeps torch's defaults.

    Raises:
        LitePoseError: A number is impossible.
    """

    def __init__(
        self,
        stem: int = 32,
        layers: Sequence[tuple[int, int, int]] = MOBILENET,
        in_channels: int = 3,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        require_counts(stem=[stem], in_channels=[in_channels])
        for index, layer in enumerate(layers):
            require_counts(**{f'layers[{index}]': layer})
            if len(layer) != 3:
                raise LitePoseError(
                    f'layers[{index}]: expected width, stride and dilation, got {tuple(layer)}'
                )
        common = dict(act_cfg=ReLU, conv_cfg=conv_cfg, norm_cfg=norm_cfg)
        self.layers = nn.Sequential(conv_bn_act(in_channels, stem, 3, stride=2, **common))
        width = stem
        for out_channels, stride, dilation in layers:
            depthwise = conv_bn_act(
                width, width, 3, stride=stride, groups=width, dilation=dilation, **common
            )
            pointwise = conv_bn_act(width, out_channels, 1, **common)
            parts = OrderedDict(depthwise=depthwise, pointwise=pointwise)
            self.layers.append(nn.Sequential(parts))
            width = out_channels

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Compute the feature ``(B, C, H / s, W / s)`` of images ``(B, 3, H, W)``."""
        return (self.layers(x),)
