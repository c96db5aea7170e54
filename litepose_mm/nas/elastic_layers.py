"""Layers whose active width, and kernel, can be changed between two forward passes.

A narrower layer uses the first channels of the wide one's weights, as in once-for-all networks
(Cai et al., ICLR 2020) and LitePose section 4. How many channels come in is seen from the input;
how many go out, and the kernel, are set. Every layer is one of torch's with the same names and
shapes of weights, so a checkpoint of the static network is one of the elastic one at full width.
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
    """What elastic convolutions share: ``active_out_channels``, at most ``out_channels``."""

    out_channels: int
    kernel_size: tuple[int, ...]
    bias: Tensor | None
    _active_out_channels: int | None = None
    _active_kernel_size: int | None = None

    @property
    def choice(self) -> tuple[int | None, int | None]:
        """All that can be changed; other things being equal, the layer computes the same."""
        return self._active_out_channels, self._active_kernel_size

    def active_weights(self, in_channels: int) -> int:
        """How many weights are in use where so many channels come in, without the bias."""
        return in_channels * self.active_out_channels * prod(self.kernel_size)

    def active_parameters(self, in_channels: int) -> int:
        """How many parameters the plain layer has that so many channels come into."""
        biases = 0 if self.bias is None else self._width(in_channels)
        return self.active_weights(in_channels) + biases

    def _width(self, in_channels: int) -> int:
        return self.active_out_channels

    @property
    def active_out_channels(self) -> int:
        """How many channels go out; all until it is set."""
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
    """A convolution, or a depthwise one, of variable width and kernel.

    A depthwise convolution gives as many channels as come in. A smaller kernel is the centre of the
    largest, mapped linearly, by one matrix for each size, which all channels share; the matrix
    begins as the identity. Its padding keeps the size of the maps.

    Args:
        in_channels: Most channels that come in.
        out_channels: Most channels that go out.
        kernel_size: Largest kernel, odd where ``kernel_sizes`` are given.
        args: As for ``torch.nn.Conv2d``.
        kernel_sizes: Kernels of a depthwise convolution, odd; others have no choice.
        kwargs: As for ``torch.nn.Conv2d``.

    Raises:
        LitePoseError: It is grouped, but not depthwise.
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
                f'ElasticConv2d: expected groups to be 1 or the {in_channels} channels, '
                f'got {self.groups} groups of {in_channels} to {out_channels} channels'
            )
        smaller = [size for size in sorted(kernel_sizes) if size < self.kernel_size[0]]
        self.kernel_transforms = nn.ModuleDict()
        if self.is_depthwise:
            for size in smaller:
                self.kernel_transforms[str(size)] = _identity(size * size)
        self._active_kernel_size = self.kernel_size[0]

    @property
    def kernels(self) -> tuple[int, ...]:
        """Kernels that it can take, the smallest first."""
        return (*map(int, self.kernel_transforms), self.kernel_size[0])

    @property
    def active_kernel_size(self) -> int:
        """Height and width of the kernel; the largest until it is set."""
        return self._active_kernel_size

    @active_kernel_size.setter
    def active_kernel_size(self, value: int) -> None:
        if value not in self.kernels:
            raise LitePoseError(f'active_kernel_size: expected one of {self.kernels}, got {value}')
        self._active_kernel_size = value

    def active_weight(self, in_channels: int) -> Tensor:
        """The weights in use where so many channels come in, ``(C_out, C_in / groups, k, k)``."""
        if self.is_depthwise:
            return self._kernels(self.weight[:in_channels])
        return self.weight[: self.active_out_channels, :in_channels]

    def active_weights(self, in_channels: int) -> int:
        """How many weights are in use where so many channels come in, without the bias."""
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
        """The convolution itself; other kernels may take its place."""
        groups = len(weight) if self.is_depthwise else 1
        return F.conv2d(x, weight, bias, stride, padding, self.dilation, groups)


def _identity(features: int) -> nn.Linear:
    layer = nn.Linear(features, features)
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


@MODELS.register_module()
class ElasticConvTranspose2d(_ElasticWidth, nn.ConvTranspose2d):
    """A transposed convolution of variable width, not a grouped one."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.groups > 1:
            raise LitePoseError(f'ElasticConvTranspose2d: expected one group, got {self.groups}')

    def active_weight(self, in_channels: int) -> Tensor:
        """The weights in use where so many channels come in, ``(C_in, C_out, k, k)``."""
        return self.weight[:in_channels, : self.active_out_channels]

    def forward(self, x: Tensor) -> Tensor:
        weight = self.active_weight(x.shape[1])
        bias = None if self.bias is None else self.bias[: self.active_out_channels]
        return F.conv_transpose2d(
            x, weight, bias, self.stride, self.padding, self.output_padding, 1, self.dilation
        )


@MODELS.register_module()
class ElasticBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation of as many channels as come in; all widths share the statistics.

    Those of a width that was not the last to be trained have to be calibrated before they are used
    (:func:`litepose_mm.nas.calibrate`).
    """

    def active_parameters(self, in_channels: int) -> int:
        """How many parameters the plain layer has that so many channels come into."""
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
    """The first entries of every axis, as many as ``shape`` has: weights of a narrower layer."""
    return weight[tuple(slice(size) for size in shape)]


@torch.no_grad()
def active_kernels(layer: nn.Module, size: int) -> Tensor:
    """All kernels of an elastic depthwise convolution at a size, ``(C, 1, k, k)``."""
    before = layer.active_kernel_size
    layer.active_kernel_size = size
    try:
        return layer.active_weight(layer.in_channels)
    finally:
        layer.active_kernel_size = before
