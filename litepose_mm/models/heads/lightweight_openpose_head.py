"""The head of Lightweight OpenPose.

Paper: Osokin, "Real-time 2D Multi-Person Pose Estimation on CPU: Lightweight OpenPose", 2018,
sections 3.2 and 3.3.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from functools import partial

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from ...families.base import require_counts
from ..utils.features import check_channels
from ..utils.layers import conv_bn_act
from .part_affinity_head import PartAffinityHead

ReLU = dict(type='ReLU', inplace=True)
ELU = dict(type='ELU', inplace=True)

# Convolutions outside the refinement have no BN.
_plain = partial(conv_bn_act, bias=True, with_norm=False)
_unbiased = partial(conv_bn_act, with_norm=False, act_cfg=ELU)


class Align(BaseModule):
    """Reduces the backbone's feature and adds context by separable convolutions with ELU."""

    def __init__(self, in_channels: int, width: int, conv_cfg: dict | None = None):
        super().__init__()
        plain = partial(_plain, act_cfg=ReLU, conv_cfg=conv_cfg)
        self.reduce = plain(in_channels, width, 1)
        self.trunk = nn.Sequential()
        for _ in range(3):
            depthwise = _unbiased(width, width, 3, groups=width, conv_cfg=conv_cfg)
            pointwise = _unbiased(width, width, 1, conv_cfg=conv_cfg)
            self.trunk.append(nn.Sequential(OrderedDict(depthwise=depthwise, pointwise=pointwise)))
        self.merge = plain(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.reduce(x)
        return self.merge(x + self.trunk(x))


class RefinementBlock(BaseModule):
    """A 1x1 convolution, to which two 3x3 convolutions, the second dilated, are added."""

    def __init__(
        self,
        in_channels: int,
        width: int,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
    ):
        super().__init__()
        normed = partial(conv_bn_act, bias=True, act_cfg=ReLU, conv_cfg=conv_cfg, norm_cfg=norm_cfg)
        self.reduce = _plain(in_channels, width, 1, act_cfg=ReLU, conv_cfg=conv_cfg)
        self.trunk = nn.Sequential(normed(width, width, 3), normed(width, width, 3, dilation=2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.reduce(x)
        return x + self.trunk(x)


class Stage(BaseModule):
    """A trunk with two branches, for heatmaps and for fields.

    Args:
        trunk: Layers before the branches.
        width: Width of the trunk's output.
        inner: Width inside the branches.
        num_heatmaps: Channels of the heatmaps.
        num_fields: Channels of the fields.
    """

    def __init__(
        self,
        trunk: nn.Sequential,
        width: int,
        inner: int,
        num_heatmaps: int,
        num_fields: int,
        conv_cfg: dict | None = None,
    ):
        super().__init__()
        self.trunk = trunk
        self.heatmaps, self.fields = (
            nn.Sequential(
                _plain(width, inner, 1, act_cfg=ReLU, conv_cfg=conv_cfg),
                _plain(inner, channels, 1, conv_cfg=conv_cfg),
            )
            for channels in (num_heatmaps, num_fields)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.trunk(x)
        return self.heatmaps(x), self.fields(x)


@MODELS.register_module()
class LightweightOpenPoseHead(PartAffinityHead):
    """An initial stage, and refinement stages that see the outputs of the stage before.

    Args:
        in_channels: Width of the backbone's last feature.
        width: Width of the trunks.
        num_refinement_stages: How many stages follow the initial one. Weights with more stages
            can be loaded too: a stage does not depend on later ones.
        conv_cfg: Layer type of the convolutions.
        norm_cfg: Layer type of the normalisation.
        kwargs: Arguments of :class:`PartAffinityHead`.

    Raises:
        LitePoseError: A number is impossible.
    """

    def __init__(
        self,
        in_channels: int = 512,
        width: int = 128,
        num_refinement_stages: int = 1,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        require_counts(in_channels=[in_channels], width=[width])
        require_counts(0, num_refinement_stages=[num_refinement_stages])
        self.in_channels = in_channels
        outputs = self.body.num_heatmaps, self.body.num_field_channels
        self.align = Align(in_channels, width, conv_cfg)
        layers = [_plain(width, width, 3, act_cfg=ReLU, conv_cfg=conv_cfg) for _ in range(3)]
        trunk = nn.Sequential(*layers)
        self.initial_stage = Stage(trunk, width, 4 * width, *outputs, conv_cfg=conv_cfg)
        self.refinement_stages = nn.ModuleList()
        for _ in range(num_refinement_stages):
            widths = [width + sum(outputs), *[width] * 4]
            blocks = [RefinementBlock(own, width, conv_cfg, norm_cfg) for own in widths]
            stage = Stage(nn.Sequential(*blocks), width, width, *outputs, conv_cfg=conv_cfg)
            self.refinement_stages.append(stage)

    @property
    def num_stages(self) -> int:
        return 1 + len(self.refinement_stages)

    def is_surplus(self, name: str) -> bool:
        """Whether a tensor of a larger head belongs to a stage that this one does not have."""
        match = re.match(r'refinement_stages\.(\d+)\.', name)
        return match is not None and int(match[1]) >= len(self.refinement_stages)

    def forward(self, feats: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        check_channels(type(self).__name__, self.in_channels, feats[-1])
        feature = self.align(feats[-1])
        outputs = [*self.initial_stage(feature)]
        for stage in self.refinement_stages:
            outputs += stage(torch.cat([feature, *outputs[-2:]], dim=1))
        return tuple(outputs)
