"""HRNet whose branches can lose all of their blocks.

Paper: Wang et al., "Lite Pose", CVPR 2022, section 3 (gradual shrinking).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmpose.models.backbones import HRNet
from mmpose.registry import MODELS
from torch import nn

from ..utils.layers import conv_bn_act
from .base import FamilyBackbone


@MODELS.register_module()
class ShrinkableHRNet(FamilyBackbone, HRNet):
    """MMPose's ``HRNet``, in which a stage's ``num_blocks`` may contain zeros.

    A branch without blocks is a 3x3 convolution with BN and ReLU6, as in the authors' code. The
    width of stage 1 is ``extra.stage1.num_channels``: 64 in HRNet, twice the width of the finest
    branch in LitePose's small networks. Checkpoints of ``HRNet`` fit.

    Raises:
        ValueError: A number of blocks is negative.
    """

    def _make_stage(
        self,
        layer_config: Mapping[str, Any],
        in_channels: list[int],
        multiscale_output: bool = True,
    ) -> tuple[nn.Sequential, list[int]]:
        blocks = layer_config['num_blocks']
        if min(blocks) < 0:
            raise ValueError(f'num_blocks: expected numbers of at least 0, got {tuple(blocks)}')
        at_least_one = dict(layer_config, num_blocks=[max(count, 1) for count in blocks])
        stage, channels = super()._make_stage(at_least_one, in_channels, multiscale_output)
        for branch, count in enumerate(blocks):
            if count > 0:
                continue
            width = layer_config['num_channels'][branch]
            for module in stage:
                layers = conv_bn_act(
                    width,
                    width,
                    3,
                    act_cfg=dict(type='ReLU6', inplace=True),
                    conv_cfg=self.conv_cfg,
                    norm_cfg=self.norm_cfg,
                )
                module.branches[branch] = nn.Sequential(*layers)
        return stage, channels
