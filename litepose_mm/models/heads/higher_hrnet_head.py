"""HigherHRNet's head: maps at the backbone's resolution and at twice that.

Paper: Cheng et al., "HigherHRNet", CVPR 2020, section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmcv.cnn import build_conv_layer, build_norm_layer
from mmpose.models.backbones.resnet import BasicBlock
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ...errors import LitePoseError
from ...families.base import require_counts
from ..utils.features import check_channels
from ..utils.layers import deconv_2x
from ..utils.merged_layers import MergedDeconv
from .multilevel_ae_head import MultiLevelAEHead

#: The authors' initialisation.
_INIT = [
    dict(type='Normal', std=0.001, layer=['Conv2d', 'ConvTranspose2d']),
    dict(type='Constant', val=1, layer='BatchNorm2d'),
]


class Upsampling(nn.Sequential):
    """A transposed convolution, its normalisation and its activation."""

    def to_deploy(self) -> nn.Module:
        """Return one convolution that replaces the first two."""
        deconv, bn, act = self
        return MergedDeconv([deconv], bn, act) if isinstance(bn, _BatchNorm) else self


@MODELS.register_module()
class HigherHRNetHead(MultiLevelAEHead):
    """Maps of the finest feature, and of transposed convolutions that double its resolution.

    Each transposed convolution reads the features and the maps of the level before.

    Args:
        in_channels: Channels of the backbone's first feature, the finest; others are not used.
        num_keypoints: Number of keypoints, ``K``.
        deconv_channels: Channels of each transposed convolution; there is one more level than
            these.
        num_basic_blocks: Number of residual blocks behind each transposed convolution.
        tag_levels: For each level, coarse to fine, whether it has tags.
        conv_cfg: Layer type of the convolutions.
        norm_cfg: Layer type of the normalisation.
        deconv_cfg: Layer type of the transposed convolutions.
        init_cfg: Initialisation, as in MMEngine. The default is HigherHRNet's; an empty list keeps
            torch's, as LitePose's small HigherHRNets do.
        **kwargs: Arguments of :class:`MultiLevelAEHead`.

    Raises:
        LitePoseError: A number is impossible, or ``tag_levels`` and ``deconv_channels`` do not fit
            each other.
    """

    def __init__(
        self,
        in_channels: int,
        num_keypoints: int,
        deconv_channels: Sequence[int] = (32,),
        num_basic_blocks: int = 4,
        tag_levels: Sequence[bool] = (True, False),
        conv_cfg: OptConfigType = None,
        norm_cfg: OptConfigType = None,
        deconv_cfg: OptConfigType = None,
        init_cfg: OptConfigType | list[dict] = _INIT,
        **kwargs,
    ):
        super().__init__(num_keypoints, tag_levels=tag_levels, init_cfg=init_cfg, **kwargs)
        require_counts(in_channels=[in_channels], deconv_channels=deconv_channels or [1])
        require_counts(0, num_basic_blocks=[num_basic_blocks])
        self.in_channels = in_channels
        if len(deconv_channels) != self.num_levels - 1:
            raise LitePoseError(
                f'deconv_channels: expected {self.num_levels - 1} widths, one fewer than levels in '
                f'tag_levels, got {tuple(deconv_channels)}'
            )
        norm_cfg = norm_cfg or dict(type='BN')
        self.deconv_layers = nn.ModuleList()
        width, widths = in_channels, [in_channels]
        for channels, maps in zip(deconv_channels, self.level_channels):
            up = Upsampling(
                deconv_2x(width + maps, channels, deconv_cfg),
                build_norm_layer(norm_cfg, channels)[1],
                nn.ReLU(inplace=True),
            )
            blocks = (
                BasicBlock(channels, channels, conv_cfg=conv_cfg, norm_cfg=norm_cfg)
                for _ in range(num_basic_blocks)
            )
            # The blocks are nested as in the authors' code, for the names of their weights.
            self.deconv_layers.append(nn.Sequential(up, *map(nn.Sequential, blocks)))
            width = channels
            widths.append(width)
        self.final_layers = nn.ModuleList(
            build_conv_layer(conv_cfg, width, maps, 1)
            for width, maps in zip(widths, self.level_channels)
        )

    def forward(self, feats: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Compute the maps of every level, coarse to fine.

        Args:
            feats: Features; the first one, ``(B, in_channels, h, w)``, is used.

        Returns:
            Maps ``(B, C_l, 2**l * h, 2**l * w)`` of level ``l``.

        Raises:
            LitePoseError: The feature has another number of channels.
        """
        feature = feats[0]
        check_channels(type(self).__name__, self.in_channels, feature)
        outputs = [self.final_layers[0](feature)]
        for deconv, final in zip(self.deconv_layers, self.final_layers[1:]):
            feature = deconv(torch.cat([feature, outputs[-1]], dim=1))
            outputs.append(final(feature))
        return tuple(outputs)
