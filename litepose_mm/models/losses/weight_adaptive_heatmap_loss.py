"""Heatmap loss that hard pixels decide."""

from __future__ import annotations

from mmpose.models.losses import KeypointMSELoss
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class WeightAdaptiveHeatmapLoss(KeypointMSELoss):
    """Mean squared error in which pixels count by how wrong they are.

    Nearly all pixels of a heatmap are background, which is learned soon. With prediction ``p``
    and target ``t``, a pixel's weight is ``t^gamma * |1 - p| + (1 - t^gamma) * |p|``: a found
    peak and a clean background count little. This is WAHR of SWAHR (Luo et al., CVPR 2021). The
    scale maps that its network predicts are not here.

    Use it for targets that are 0 away from keypoints; a teacher's maps are positive nearly
    everywhere, so all their pixels would count as keypoints.

    Args:
        gamma: How soft the border between keypoint and background is, above 0; the paper's
            0.01 makes every pixel of a Gaussian's patch a keypoint's, its far ones a little
            less.
        kwargs: See MMPose's :class:`KeypointMSELoss`.
    """

    def __init__(self, gamma: float = 0.01, **kwargs):
        super().__init__(**kwargs)
        if gamma <= 0:
            raise ValueError(f'gamma must be above 0, got {gamma}')
        self.gamma = gamma

    def forward(
        self,
        output: Tensor,
        target: Tensor,
        target_weights: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """As MMPose's, with maps ``(B, K, H, W)`` and a mask ``(B, 1 or K, H, W)``."""
        # A target below 0 has no such power.
        keypoint = target.clamp(min=0) ** self.gamma
        weight = keypoint * (1 - output).abs() + (1 - keypoint) * output.abs()
        weight = weight if mask is None else weight * mask
        return super().forward(output, target, target_weights, weight)
