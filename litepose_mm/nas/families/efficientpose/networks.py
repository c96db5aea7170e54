"""EfficientPose's backbone with elastic layers, whose networks share one set of weights.

Nobody has published an evolutionary search of this space. The elastic layers are LitePose's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from mmpose.registry import MODELS

from ....models.backbones import EfficientPose
from ...channel_order import ChannelGroup
from ..litepose import ElasticLitePose


@MODELS.register_module()
class ElasticEfficientPose(ElasticLitePose, EfficientPose):
    """An EfficientPose backbone whose expansions, kernel sizes and depths can be changed.

    Args:
        arch: The largest architecture.
        kernel_sizes: Kernel sizes of depthwise convolutions in addition to those of ``arch``.
        kwargs: Arguments of :class:`EfficientPose`.
    """

    plain_type: ClassVar[str] = 'EfficientPose'

    def channel_groups(
        self, features: Sequence[ChannelGroup] = ()
    ) -> tuple[list[ChannelGroup], list[ChannelGroup]]:
        """Return the groups of channels that move together in the largest network.

        Args:
            features: Ignored, because the channels of the input image do not move.

        Returns:
            The inner groups of the blocks, and the groups of the features that :meth:`forward`
            returns, which do not move: all networks have the same widths between blocks.
        """
        groups, outputs = super().channel_groups(features)
        return groups[: sum(map(len, self.stages))], outputs
