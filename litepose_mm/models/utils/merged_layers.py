"""Layers of the deploy form, each of which replaces several layers with the same result."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights


def conv_with(
    weight: Tensor, bias: Tensor | None = None, padding: int = 0, groups: int = 1
) -> nn.Conv2d:
    """Build a convolution with the given weights ``(C_out, C_in / groups, k, k)``."""
    conv = nn.Conv2d(
        weight.shape[1] * groups,
        weight.shape[0],
        weight.shape[2],
        padding=padding,
        groups=groups,
        bias=bias is not None,
        device='meta',  # draws no random numbers
    )
    conv.weight = nn.Parameter(weight.detach())
    if bias is not None:
        conv.bias = nn.Parameter(bias.detach())
    return conv


def folded(conv: nn.Module, bn: nn.Module) -> tuple[Tensor, Tensor]:
    """Return weight and bias of a convolution, which may be transposed, fused with its BN."""
    return fuse_conv_bn_weights(
        conv.weight,
        conv.bias,
        bn.running_mean,
        bn.running_var,
        bn.eps,
        bn.weight,
        bn.bias,
        transpose=isinstance(conv, nn.ConvTranspose2d),
    )


class MergedDeconv(nn.Module):
    """A 2x2 convolution that replaces transposed 4x4 convolutions of stride 2, BN and activation.

    A sum of convolutions equals one convolution over concatenated features. An engine computes a
    transposed convolution by inserting zeros between pixels, with 16 products per output pixel and
    pair of channels, of which only 4 are not zero. In each direction, output pixels ``2i - 1`` and
    ``2i`` depend on input pixels ``i - 1`` and ``i`` only, with taps 2 and 0, and 3 and 1. A 2x2
    convolution therefore computes the four output pixels as separate channels, and a pixel shuffle
    arranges them, shifted by one pixel.

    Args:
        deconvs: Transposed convolutions with padding 1 and without bias.
        bn: BN of their sum.
        act: Activation after the BN.
    """

    def __init__(self, deconvs: Sequence[nn.ConvTranspose2d], bn: nn.Module, act: nn.Module):
        super().__init__()
        weights, biases = zip(*(folded(deconv, bn) for deconv in deconvs))
        # Every bias holds the shift of BN, which must be added once.
        weight, bias = _subpixel_weight(torch.cat(weights)), biases[0].repeat_interleave(4)
        self.conv = conv_with(weight, bias, padding=1)
        self.act = act
        self.shuffle = nn.PixelShuffle(2)

    def forward(
        self, x: Tensor, raw: Tensor | None = None, size_reference: Tensor | None = None
    ) -> Tensor:
        """Compute what :class:`FusionDeconv` computes.

        Args:
            x: Features ``(B, C, h, w)``.
            raw: Features ``(B, C', h, w)`` for the second transposed convolution.
            size_reference: Features of the result's size, if it is not ``(2 h, 2 w)``.
        """
        x = x if raw is None else torch.cat([x, raw], dim=1)
        x = self.shuffle(self.act(self.conv(x)))
        if size_reference is None:
            return x[..., 1:-1, 1:-1]
        return x[..., 1 : size_reference.shape[2] + 1, 1 : size_reference.shape[3] + 1]


def _subpixel_weight(weight: Tensor) -> Tensor:
    """Convert transposed 4x4 weights ``(C_in, C_out, 4, 4)`` to ``(4 * C_out, C_in, 2, 2)``.

    Output pixel ``s`` of a pair weights its input pixel ``t`` by the tap ``2 - 2t + s``.
    """
    in_channels, out_channels = weight.shape[:2]
    taps = weight.view(in_channels, out_channels, 2, 2, 2, 2).flip(2, 4)  # C_in C_out t s t' s'
    return taps.permute(1, 3, 5, 0, 2, 4).reshape(4 * out_channels, in_channels, 2, 2)


class MergedSeparableConv(nn.Sequential):
    """One separable convolution over all channels that replaces a sum of several.

    Args:
        branches: Results of :func:`separable_conv` with BN and the same kernel size and activation.
    """

    def __init__(self, branches: Sequence[nn.Module]):
        weights, biases = zip(*(folded(b.depthwise.conv, b.depthwise.bn) for b in branches))
        weight = torch.cat(weights)
        super().__init__(
            conv_with(weight, torch.cat(biases), weight.shape[2] // 2, groups=len(weight)),
            branches[0].depthwise.act,
            conv_with(torch.cat([branch.pointwise.weight for branch in branches], dim=1)),
        )

    def forward(self, x: Tensor, raw: Tensor | None = None) -> Tensor:
        return super().forward(x if raw is None else torch.cat([x, raw], dim=1))
