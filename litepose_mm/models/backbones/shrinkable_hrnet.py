"""HRNet whose branches can lose all of their blocks.

Paper: Wang et al., "Lite Pose", CVPR 2022, section 3 (gradual shrinking).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmpose.models.backbones import HRNet
from mmpose.registry import MODELS
from torch import nn

from ...errors import LitePoseError
from ...families.base import require_counts
from ..utils.layers import conv_bn_act
from .base import FamilyBackbone


@MODELS.register_module()
class ShrinkableHRNet(FamilyBackbone, HRNet):
    """MMPose's ``HRNet``, in which a stage's ``num_blocks`` may contain zeros.

    A branch without blocks is a 3x3 convolution with BN and ReLU6, as in the authors' code. The
    width of stage 1 is ``extra.stage1.num_channels``: 64 in HRNet, twice the width of the finest
    branch in LitePose's small networks. Checkpoints of ``HRNet`` fit.

    Args:
        extra: The four stages, as in MMPose's ``HRNet``.
        kwargs: Further arguments of ``HRNet``.

    Raises:
        LitePoseError: A number is impossible.
    """

    def __init__(self, extra: Mapping[str, Any], **kwargs):
        for branches in (1, 2, 3, 4):
            name = f'stage{branches}'
            stage = extra.get(name, {})
            modules, blocks, channels = (
                stage.get(f'num_{what}') for what in ('modules', 'blocks', 'channels')
            )
            require_counts(**{f'{name}.num_modules': [modules], f'{name}.num_channels': channels})
            require_counts(int(branches == 1), **{f'{name}.num_blocks': blocks})
            if not branches == stage.get('num_branches') == len(blocks) == len(channels):
                raise LitePoseError(
                    f'{name}: expected num_blocks and num_channels of {branches} branches, got '
                    f'{stage}'
                )
        super().__init__(extra, **kwargs)

    def _make_stage(
        self,
        layer_config: Mapping[str, Any],
        in_channels: list[int],
        multiscale_output: bool = True,
    ) -> tuple[nn.Sequential, list[int]]:
        blocks = layer_config['num_blocks']
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
