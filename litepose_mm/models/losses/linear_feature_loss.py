"""How much of a teacher's features cannot be computed from the student's by a linear layer."""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

# Added to the variance of each feature, as a share of the mean one.
_RIDGE = 1e-4


@MODELS.register_module()
class LinearFeatureLoss(nn.Module):
    """Share of the target's variance that no linear function of the features explains.

    The function is the best one for the batch, by least squares, so there is no adapter to train
    (FitNets, ICLR 2015, trains one), widths may differ from step to step, and the loss has a scale
    of its own. That a linear function is enough is what the layers of a network without activations
    between blocks, such as LitePose, need from each other.
    """

    def forward(self, features: Tensor, target: Tensor) -> Tensor:
        """The loss, between 0 and 1.

        Args:
            features: ``(B, c, h, w)``.
            target: ``(B, C, h, w)``; gets no gradient. All of its channels weigh the same.
        """
        with torch.autocast(features.device.type, enabled=False):  # sums over many pixels
            own, other = _pixels(features), _pixels(target.detach())
            other = other / other.std(0).clamp(min=1e-6)
            with torch.no_grad():  # the residual does not change with the minimum's weights
                gram = (own.T @ own).double()
                gram.diagonal().add_(_RIDGE * gram.diagonal().mean() + 1e-12)
                weights = torch.linalg.solve(gram, (own.T @ other).double()).float()
            return (other - own @ weights).square().mean()


def _pixels(maps: Tensor) -> Tensor:
    """``(B, C, h, w)`` as ``(pixels, C)`` with means of 0."""
    rows = maps.float().movedim(1, 3).flatten(0, 2)
    return rows - rows.mean(0)
