"""Channels in order of importance, so that narrower networks get the most important ones.

LitePose (CVPR 2022), section 4: a supernet starts from a trained network whose channels are sorted
by the L1 norm of the weights that read them. The released code sorts neither the inner channels of
blocks nor those of the head, and leaves the statistics of batch normalisation where they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..models.backbones import LitePose
from ..models.heads import FusionDeconvHead

_BN = ('weight', 'bias', 'running_mean', 'running_var')


class ChannelGroup(NamedTuple):
    """Channels that can only be moved together.

    Attributes:
        along: Tensors, and the axis on which they have these channels.
        readers: Those of ``along`` that say how much of a channel is used.
    """

    along: list[tuple[Tensor, int]]
    readers: list[tuple[Tensor, int]]

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

    def add_separable_reader(self, layer: nn.Module) -> None:
        """A separable convolution that reads them: its depthwise part keeps them."""
        self.add_writer(layer.depthwise.conv)
        self.add_norm(layer.depthwise.bn)
        self.add_reader(layer.pointwise)


@torch.no_grad()
def sort_channels(model: nn.Module) -> None:
    """Sorts the channels of a LitePose network, the most important ones first.

    What the network gives stays the same, in eval mode as in training, but for rounding.

    Args:
        model: A pose estimator with a LitePose backbone and a :class:`FusionDeconvHead` on all of
            its features, static or elastic. Changed in place.
    """
    for group in channel_groups(model.backbone, model.head):
        order = group.importance().argsort(descending=True, stable=True)
        for tensor, axis in group.along:
            tensor.copy_(tensor.index_select(axis, order))


def channel_groups(backbone: LitePose, head: FusionDeconvHead) -> Iterator[ChannelGroup]:
    """Every group of channels of a network.

    Args:
        backbone: The backbone.
        head: Its head, on all features.
    """
    yield from _inner_groups(backbone)
    yield from _feature_groups(backbone, head)
    yield from _head_groups(head)


def _inner_groups(backbone: LitePose) -> Iterator[ChannelGroup]:
    for stage in backbone.stages:
        for block in stage:
            group = ChannelGroup([], [])
            for part in (block.expand, block.depthwise):
                group.add_writer(part.conv)
                group.add_norm(part.bn)
            group.add_reader(block.project.conv)
            yield group


def _feature_groups(backbone: LitePose, head: FusionDeconvHead) -> Iterator[ChannelGroup]:
    """What the stem and the stages give. Blocks that add their input share its group."""
    group = ChannelGroup([], [])
    group.add_writer(backbone.stem[2].conv)
    group.add_norm(backbone.stem[2].bn)
    for index, stage in enumerate(backbone.stages):
        deconvs, outputs = head.raw_readers(index)
        for deconv in deconvs:
            group.add_reader(deconv.raw)
        for output in outputs:
            group.add_separable_reader(output.raw)
        for block in stage:
            group.add_reader(block.expand.conv)
            # At full width, whatever network is active.
            adds_input = block.depthwise.conv.stride == (1, 1) and (
                block.expand.conv.in_channels == block.project.conv.out_channels
            )
            if not adds_input:
                yield group
                group = ChannelGroup([], [])
            group.add_writer(block.project.conv)
            group.add_norm(block.project.bn)
    group.add_reader(head.deconvs[0].refined)
    yield group


def _head_groups(head: FusionDeconvHead) -> Iterator[ChannelGroup]:
    first_output = len(head.deconvs) - len(head.outputs)
    for index, deconv in enumerate(head.deconvs):
        group = ChannelGroup([], [])
        for layer in filter(None, (deconv.refined, deconv.raw)):
            group.add_writer(layer)
        group.add_norm(deconv.bn)
        if index + 1 < len(head.deconvs):
            group.add_reader(head.deconvs[index + 1].refined)
        if index >= first_output:
            group.add_separable_reader(head.outputs[index - first_output].refined)
        yield group
