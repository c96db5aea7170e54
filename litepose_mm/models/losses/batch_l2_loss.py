"""The loss of Lightweight OpenPose."""

from __future__ import annotations

from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class BatchL2Loss(nn.Module):
    """Half the squared differences, summed over all pixels and channels, per image of the batch.

    It does not depend on the number of channels and grows with the size of maps, as in OpenPose
    (Cao et al., CVPR 2017, equation 5); the authors' learning rate is meant for it.

    Args:
        loss_weight: Factor of the loss.
    """

    def __init__(self, loss_weight: float = 1.0):
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, output: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        """Compute the loss of maps ``(B, C, h, w)``; a mask ``(B, 1, h, w)`` multiplies them."""
        apart = output - target
        if mask is not None:
            apart = apart * mask
        return self.loss_weight * apart.square().sum() / (2 * len(output))
