"""Layers of the deploy form: one where training has several. Their results are the same."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights


def conv_with(
    weight: Tensor, bias: Tensor | None = None, padding: int = 0, groups: int = 1
) -> nn.Conv2d:
    """A convolution with these weights ``(C_out, C_in / groups, k, k)``."""
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
    """Weight and bias of a convolution without bias and the BN after it, transposed ones too."""
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
    """The sum of transposed 4x4 convolutions of stride 2, BN and activation as one 2x2 convolution.

    A sum of convolutions is one over concatenated features. An engine computes a transposed one
    by putting zeros between the pixels, 16 products an output pixel and pair of channels. Of them
    4 are not zero: output pixels ``2i - 1`` and ``2i`` need input pixels ``i - 1`` and ``i`` only,
    with taps 2 and 0, and 3 and 1, in each direction. So a 2x2 convolution gives each of the four
    as channels of their own, and a pixel shuffle puts them in place, one pixel too far.

    Args:
        deconvs: The transposed convolutions, padding 1, without bias.
        bn: BN of their sum.
        act: Activation after it.
    """

    def __init__(self, deconvs: Sequence[nn.ConvTranspose2d], bn: nn.Module, act: nn.Module):
        super().__init__()
        weights, biases = zip(*(folded(deconv, bn) for deconv in deconvs))
        # BN's shift belongs to the sum, and stands in every bias.
        weight, bias = _subpixel_weight(torch.cat(weights)), biases[0].repeat_interleave(4)
        self.conv = conv_with(weight, bias, padding=1)
        self.act = act
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x: Tensor, raw: Tensor | None = None, like: Tensor | None = None) -> Tensor:
        """See :class:`FusionDeconv`.

        Args:
            x: Features ``(B, C, h, w)``.
            raw: Features ``(B, C', h, w)``, for the second transposed convolution.
            like: Features of the size of the result where it is not ``(2 h, 2 w)``.
        """
        x = x if raw is None else torch.cat([x, raw], dim=1)
        x = self.shuffle(self.act(self.conv(x)))
        if like is None:
            return x[..., 1:-1, 1:-1]
        return x[..., 1 : like.shape[2] + 1, 1 : like.shape[3] + 1]


def _subpixel_weight(weight: Tensor) -> Tensor:
    """Transposed 4x4 weights ``(C_in, C_out, 4, 4)`` as ``(4 * C_out, C_in, 2, 2)``.

    Pixel ``s`` of a pair takes from its input ``t`` the tap ``2 - 2t + s``.
    """
    in_channels, out_channels = weight.shape[:2]
    taps = weight.view(in_channels, out_channels, 2, 2, 2, 2).flip(2, 4)  # C_in C_out t s t' s'
    return taps.permute(1, 3, 5, 0, 2, 4).reshape(4 * out_channels, in_channels, 2, 2)


class MergedSeparableConv(nn.Sequential):
    """The sum of separable convolutions of several features as one of all their channels.

    Args:
        branches: What :func:`separable_conv` builds, with BN, the same kernel and activation.
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
