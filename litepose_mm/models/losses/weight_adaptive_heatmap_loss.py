"""Heatmap loss that emphasises hard pixels."""

from __future__ import annotations

from mmpose.models.losses import KeypointMSELoss
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class WeightAdaptiveHeatmapLoss(KeypointMSELoss):
    """Mean squared error that weights each pixel by its error.

    Nearly all pixels of a heatmap are background, which is learned quickly. With prediction ``p``
    and target ``t``, the weight of a pixel is ``t^gamma * |1 - p| + (1 - t^gamma) * |p|``, so that
    peaks that are found and clean background count little. This is the WAHR loss of SWAHR (Luo et
    al., CVPR 2021), without the scale maps that its network predicts.

    Targets must be 0 away from keypoints. The maps of a teacher are positive nearly everywhere, so
    that all of their pixels would count as keypoints.

    Args:
        gamma: Softness of the border between keypoint and background, above 0. With the paper's
            0.01, all pixels of a Gaussian's patch belong to the keypoint, the outer ones slightly
            less.
        kwargs: Arguments of MMPose's :class:`KeypointMSELoss`.

    Raises:
        ValueError: ``gamma`` is not above 0.
    """

    def __init__(self, gamma: float = 0.01, **kwargs):
        super().__init__(**kwargs)
        if gamma <= 0:
            raise ValueError(f'gamma: expected a number above 0, got {gamma}')
        self.gamma = gamma

    def forward(
        self,
        output: Tensor,
        target: Tensor,
        target_weights: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Compute the loss of maps ``(B, K, H, W)`` with a mask ``(B, 1 or K, H, W)``."""
        # The power is not defined for targets below 0.
        keypoint = target.clamp(min=0) ** self.gamma
        weight = keypoint * (1 - output).abs() + (1 - keypoint) * output.abs()
        weight = weight if mask is None else weight * mask
        return super().forward(output, target, target_weights, weight)
