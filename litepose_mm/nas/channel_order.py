"""Channels in order of importance, so that narrower networks get the most important ones.

LitePose (CVPR 2022), section 4: a supernet starts from a trained network whose channels are sorted
by the L1 norm of the weights that read them. The released code sorts neither the inner channels of
blocks nor those of the head, and leaves the statistics of batch normalisation where they were.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

_BN = ('weight', 'bias', 'running_mean', 'running_var')


@dataclass(eq=False)
class ChannelGroup:
    """Channels that can only be moved together.

    Attributes:
        along: Tensors, and the axis on which they have these channels.
        readers: Those of ``along`` that say how much of a channel is used.
    """

    along: list[tuple[Tensor, int]] = field(default_factory=list)
    readers: list[tuple[Tensor, int]] = field(default_factory=list)

    def importance(self) -> Tensor:
        """Sum of the absolute weights that read each channel."""
        return sum(
            weight.abs().sum([axis for axis in range(weight.ndim) if axis != own])
            for weight, own in self.readers
        )

    def add_reader(self, layer: nn.Module) -> None:
        """A convolution, transposed or not, that reads the channels."""
        reads = (layer.weight, 0 if isinstance(layer, nn.ConvTranspose2d) else 1)
        self.along.append(reads)
        self.readers.append(reads)

    def add_writer(self, layer: nn.Module) -> None:
        """A convolution, transposed or not, that writes them; a depthwise one keeps them."""
        self.along.append((layer.weight, 1 if isinstance(layer, nn.ConvTranspose2d) else 0))

    def add_norm(self, bn: nn.Module) -> None:
        """Normalisation of the channels."""
        self.along.extend((getattr(bn, name), 0) for name in _BN)


@torch.no_grad()
def sort_channels(supernet: nn.Module) -> None:
    """Sorts the channels of a supernet, the most important ones first.

    The outputs of its largest network stay the same but for rounding, in eval mode as in training.

    Args:
        supernet: A pose estimator whose elastic parts have ``channel_groups``, see
            :class:`litepose_mm.nas.supernet.ElasticEstimator`. Changed in place.
    """
    groups, features = [], []
    for part in supernet.elastic_parts:
        own, features = part.channel_groups(features)
        groups += [group for group in own if all(group is not other for other in groups)]
    for group in groups:
        order = group.importance().argsort(descending=True, stable=True)
        for tensor, axis in group.along:
            tensor.copy_(tensor.index_select(axis, order))
