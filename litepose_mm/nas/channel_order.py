"""Sort channels by importance, so that narrow networks use the most important ones.

LitePose (CVPR 2022), section 4: a supernet starts from a trained network whose channels are sorted
by the L1 norm of the weights that read them. The released code sorts neither the inner channels of
blocks nor those of the head, and does not move the statistics of batch normalisation.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

_BN = ('weight', 'bias', 'running_mean', 'running_var')


@dataclass(eq=False)
class ChannelGroup:
    """Channels that have to be moved together.

    Attributes:
        along: Tensors that have these channels, each with the axis of the channels.
        readers: The weights in ``along`` that read the channels and determine their importance.
    """

    along: list[tuple[Tensor, int]] = field(default_factory=list)
    readers: list[tuple[Tensor, int]] = field(default_factory=list)

    def importance(self) -> Tensor:
        """Return the sum of the absolute weights that read each channel."""
        return sum(
            weight.abs().sum([axis for axis in range(weight.ndim) if axis != own])
            for weight, own in self.readers
        )

    def add_reader(self, layer: nn.Module) -> None:
        """Add a convolution, which may be transposed, that reads the channels."""
        reads = (layer.weight, 0 if isinstance(layer, nn.ConvTranspose2d) else 1)
        self.along.append(reads)
        self.readers.append(reads)

    def add_writer(self, layer: nn.Module) -> None:
        """Add a convolution, which may be transposed or depthwise, that writes the channels."""
        self.along.append((layer.weight, 1 if isinstance(layer, nn.ConvTranspose2d) else 0))
        if layer.bias is not None:
            self.along.append((layer.bias, 0))

    def add_norm(self, bn: nn.Module) -> None:
        """Add the batch normalisation of the channels."""
        self.along.extend((getattr(bn, name), 0) for name in _BN)


@torch.no_grad()
def sort_channels(supernet: nn.Module) -> None:
    """Sort the channels of a supernet in place, the most important ones first.

    The outputs of its largest network change by rounding only, both in eval mode and in training.

    Args:
        supernet: A pose estimator whose elastic parts have ``channel_groups``, see
            :class:`litepose_mm.nas.supernet.ElasticEstimator`.
    """
    groups, features = [], []
    for part in supernet.elastic_parts:
        own, features = part.channel_groups(features)
        groups += [group for group in own if all(group is not other for other in groups)]
    for group in groups:
        order = group.importance().argsort(descending=True, stable=True)
        for tensor, axis in group.along:
            tensor.copy_(tensor.index_select(axis, order))
