"""Layers whose active width and kernel size can be changed between two forward passes.

A narrow layer uses the first channels of the wide layer's weights, as in once-for-all networks
(Cai et al., ICLR 2020) and LitePose section 4. The number of input channels follows from the input;
the number of output channels and the kernel size are set. Weights have the names and shapes of
torch's layers, so that a static network's checkpoint is also one of the elastic network.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
import torch.nn.functional as F
from mmpose.registry import MODELS
from torch import Tensor, nn

from ..errors import LitePoseError


class _ElasticWidth:
    """Base of elastic convolutions, with ``active_out_channels`` of at most ``out_channels``."""

    out_channels: int
    kernel_size: tuple[int, ...]
    bias: Tensor | None
    _active_out_channels: int | None = None
    _active_kernel_size: int | None = None

    @property
    def choice(self) -> tuple[int | None, int | None]:
        """Active width and kernel size, which together determine what the layer computes."""
        return self._active_out_channels, self._active_kernel_size

    def active_weights(self, in_channels: int) -> int:
        """Count the active weights for a number of input channels, without the bias."""
        return in_channels * self.active_out_channels * prod(self.kernel_size)

    def active_parameters(self, in_channels: int) -> int:
        """Count the parameters of the plain layer for a number of input channels."""
        biases = 0 if self.bias is None else self._width(in_channels)
        return self.active_weights(in_channels) + biases

    def _width(self, in_channels: int) -> int:
        return self.active_out_channels

    @property
    def active_out_channels(self) -> int:
        """Number of output channels; all of them until it is set."""
        return self._active_out_channels or self.out_channels

    @active_out_channels.setter
    def active_out_channels(self, value: int) -> None:
        if not 0 < value <= self.out_channels:
            raise LitePoseError(
                f'active_out_channels: expected 1 to {self.out_channels}, got {value}'
            )
        self._active_out_channels = value


@MODELS.register_module()
class ElasticConv2d(_ElasticWidth, nn.Conv2d):
    """A convolution of variable width, whose kernel size is also variable if it is depthwise.

    A depthwise convolution has as many output channels as its input. A smaller kernel is the centre
    of the largest one, transformed by a matrix for each size that all channels share and that is
    initially the identity. The padding follows the kernel size.

    Args:
        in_channels: Largest number of input channels.
        out_channels: Largest number of output channels.
        kernel_size: Largest kernel size, odd if there are ``kernel_sizes``.
        args: Further arguments of ``torch.nn.Conv2d``.
        kernel_sizes: Odd kernel sizes of a depthwise convolution; ignored by other convolutions.
        kwargs: Further arguments of ``torch.nn.Conv2d``.

    Raises:
        LitePoseError: The convolution is grouped but not depthwise.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *args,
        kernel_sizes: Sequence[int] = (),
        **kwargs,
    ):
        super().__init__(in_channels, out_channels, kernel_size, *args, **kwargs)
        self.is_depthwise = self.groups > 1
        if self.is_depthwise and not self.groups == in_channels == out_channels:
            raise LitePoseError(
                f'ElasticConv2d: expected groups of 1 or, for as many output channels, '
                f'{in_channels}, got {self.groups} groups of {in_channels} to {out_channels} '
                'channels'
            )
        smaller = [size for size in sorted(kernel_sizes) if size < self.kernel_size[0]]
        self.kernel_transforms = nn.ModuleDict()
        if self.is_depthwise:
            for size in smaller:
                self.kernel_transforms[str(size)] = _identity(size * size)
        self._active_kernel_size = self.kernel_size[0]

    @property
    def kernels(self) -> tuple[int, ...]:
        """Available kernel sizes, the smallest first."""
        return (*map(int, self.kernel_transforms), self.kernel_size[0])

    @property
    def active_kernel_size(self) -> int:
        """Height and width of the kernel; the largest size until it is set."""
        return self._active_kernel_size

    @active_kernel_size.setter
    def active_kernel_size(self, value: int) -> None:
        if value not in self.kernels:
            raise LitePoseError(f'active_kernel_size: expected one of {self.kernels}, got {value}')
        self._active_kernel_size = value

    def active_weight(self, in_channels: int) -> Tensor:
        """Return the active weights for a number of input channels.

        Returns:
            Weights ``(C_out, C_in / groups, k, k)``.
        """
        if self.is_depthwise:
            return self._kernels(self.weight[:in_channels])
        return self.weight[: self.active_out_channels, :in_channels]

    def active_weights(self, in_channels: int) -> int:
        """Count the active weights for a number of input channels, without the bias."""
        inputs = 1 if self.is_depthwise else in_channels
        return inputs * self._width(in_channels) * self.active_kernel_size**2

    def _width(self, in_channels: int) -> int:
        return in_channels if self.is_depthwise else self.active_out_channels

    def _kernels(self, weight: Tensor) -> Tensor:
        size, largest = self.active_kernel_size, self.kernel_size[0]
        if size == largest:
            return weight
        border = (largest - size) // 2
        centre = weight[:, :, border : border + size, border : border + size]
        return self.kernel_transforms[str(size)](centre.flatten(1)).view_as(centre)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.active_weight(x.shape[1])
        bias = None if self.bias is None else self.bias[: len(weight)]
        smaller = (self.kernel_size[0] - weight.shape[2]) // 2
        padding = tuple(side - smaller * step for side, step in zip(self.padding, self.dilation))
        return self.convolve(x, weight, bias, self.stride, padding)

    def convolve(
        self,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: tuple[int, int],
        padding: tuple[int, int],
    ) -> Tensor:
        """Compute the convolution; faster implementations may override this method."""
        groups = len(weight) if self.is_depthwise else 1
        return F.conv2d(x, weight, bias, stride, padding, self.dilation, groups)


def _identity(features: int) -> nn.Linear:
    layer = nn.Linear(features, features)
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


@MODELS.register_module()
class ElasticConvTranspose2d(_ElasticWidth, nn.ConvTranspose2d):
    """A transposed convolution of variable width with one group."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.groups > 1:
            raise LitePoseError(f'ElasticConvTranspose2d: expected one group, got {self.groups}')

    def active_weight(self, in_channels: int) -> Tensor:
        """Return the active weights ``(C_in, C_out, k, k)`` for a number of input channels."""
        return self.weight[:in_channels, : self.active_out_channels]

    def forward(self, x: Tensor) -> Tensor:
        weight = self.active_weight(x.shape[1])
        bias = None if self.bias is None else self.bias[: self.active_out_channels]
        return F.conv_transpose2d(
            x, weight, bias, self.stride, self.padding, self.output_padding, 1, self.dilation
        )


@MODELS.register_module()
class ElasticBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation of variable width.

    All widths share the running statistics, so they have to be calibrated before a network is used
    (:func:`litepose_mm.nas.calibrate`), unless its width was the last that was trained.
    """

    def active_parameters(self, in_channels: int) -> int:
        """Count the parameters of the plain layer for a number of input channels."""
        return 2 * in_channels * self.affine

    def forward(self, x: Tensor) -> Tensor:
        width = x.shape[1]
        if width == self.num_features:
            return super().forward(x)
        momentum = self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if momentum is None:
                momentum = 1.0 / float(self.num_batches_tracked)
        return F.batch_norm(
            x,
            self.running_mean[:width],
            self.running_var[:width],
            self.weight[:width],
            self.bias[:width],
            self.training,
            momentum or 0.0,
            self.eps,
        )


def narrowed(weight: Tensor, shape: Sequence[int]) -> Tensor:
    """Return the weights of a narrower layer: the first entries of every axis, up to ``shape``."""
    return weight[tuple(slice(size) for size in shape)]


@torch.no_grad()
def active_kernels(layer: nn.Module, size: int) -> Tensor:
    """Return all kernels ``(C, 1, k, k)`` of an elastic depthwise convolution at a size."""
    before = layer.active_kernel_size
    layer.active_kernel_size = size
    try:
        return layer.active_weight(layer.in_channels)
    finally:
        layer.active_kernel_size = before
