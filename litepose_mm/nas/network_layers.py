"""The layers of an architecture, from which costs are computed without building the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ..analysis.complexity import Complexity
from ..errors import LitePoseError
from ..families.litepose import STEM_WIDTH, Architecture, make_divisible

# Of FusionDeconvHead by default: levels with tags, coarse to fine, and the outputs' kernel.
_TAG_LEVELS, _OUTPUT_KERNEL = (True, False), 5


class Layer(NamedTuple):
    """A convolution of LitePose with what follows it: its cost depends on nothing else.

    Attributes:
        in_channels: Channels that come in.
        out_channels: Channels that go out.
        kernel_size: Height and width of the kernel.
        stride: 1 or 2.
        depthwise: Whether every channel is convolved by itself.
        transposed: Whether the stride enlarges.
        height: Rows that come in.
        width: Columns that come in.
        normalised: Whether batch normalisation follows.
        activated: Whether an activation follows.
    """

    in_channels: int
    out_channels: int
    kernel_size: int
    stride: int
    depthwise: bool
    transposed: bool
    height: int
    width: int
    normalised: bool
    activated: bool

    @property
    def out_size(self) -> tuple[int, int]:
        """Rows and columns that go out."""
        if self.transposed:
            return self.height * self.stride, self.width * self.stride
        return -(-self.height // self.stride), -(-self.width // self.stride)

    @property
    def elements(self) -> int:
        """Numbers that are read and written, without weights."""
        rows, columns = self.out_size
        return self.in_channels * self.height * self.width + self.out_channels * rows * columns

    @property
    def complexity(self) -> Complexity:
        """Its share of a network's parameters and multiply-accumulates."""
        rows, columns = self.out_size
        pixels = rows * columns
        weights = self.in_channels * self.out_channels * self.kernel_size**2
        if self.depthwise:
            weights //= self.in_channels
        exact = weights * (self.height * self.width if self.transposed else pixels)
        at_output = weights * pixels
        # 2 for each number of BN, 1 for each of an activation, as ptflops 0.6 counts
        other = self.out_channels * pixels * (2 * self.normalised + self.activated)
        params = weights + 2 * self.out_channels * self.normalised
        return Complexity(params, exact, at_output + other, at_output)


def network_layers(
    arch: Architecture,
    num_keypoints: int,
    input_size: tuple[int, int] | None = None,
) -> Iterator[Layer]:
    """The layers of a LitePose backbone and a ``FusionDeconvHead`` as it is by default, in order.

    Of two transposed convolutions that are added, normalisation and activation count with the
    first.

    Args:
        arch: The architecture.
        num_keypoints: ``K``.
        input_size: Height and width of the input, multiples of the deepest stride; a square of
            the architecture's own size by default.
    """
    size = input_size or (arch.img_size, arch.img_size)

    def layer(in_channels, out_channels, kernel, stride=1, kind='', bn=True, act=True):
        return Layer(
            in_channels,
            out_channels,
            kernel,
            stride,
            kind == 'depthwise',
            kind == 'transposed',
            *(-(-side // at) for side in size),
            bn,
            act,
        )

    at = 1
    yield layer(3, STEM_WIDTH, 3, 2)
    at = 2
    yield layer(STEM_WIDTH, STEM_WIDTH, 3, kind='depthwise')
    yield layer(STEM_WIDTH, arch.input_channel, 1, act=False)
    width = arch.input_channel
    for stage in arch.stages:
        for index, (expansion, kernel) in enumerate(stage.block_setting):
            stride = stage.stride if index == 0 else 1
            inner = make_divisible(round(width * expansion))
            yield layer(width, inner, 1)
            yield layer(inner, inner, kernel, stride, 'depthwise')
            at *= stride
            yield layer(inner, stage.channel, 1, act=False)
            width = stage.channel

    # As in the head: the deepest feature is refined, the others are raw where strides agree.
    raw = dict(zip(arch.strides[:-1], arch.channels)) if arch.fusion else {}
    first_level = len(arch.deconv_setting) - len(_TAG_LEVELS)
    for index, out_channels in enumerate(arch.deconv_setting):
        yield layer(width, out_channels, 4, 2, 'transposed')
        if at in raw:
            yield layer(raw[at], out_channels, 4, 2, 'transposed', bn=False, act=False)
        at //= 2
        width = out_channels
        if index >= first_level:
            maps = num_keypoints * (1 + _TAG_LEVELS[index - first_level])
            for channels in filter(None, (width, raw.get(at))):
                yield layer(channels, channels, _OUTPUT_KERNEL, kind='depthwise')
                yield layer(channels, maps, 1, bn=False, act=False)


def check_counted(head: Mapping[str, Any]) -> None:
    """Refuses a head whose layers are not those of :func:`network_layers`.

    Args:
        head: ``model.head`` of a config.

    Raises:
        LitePoseError: It has other options.
    """
    counted = dict(tag_levels=_TAG_LEVELS, kernel_size=_OUTPUT_KERNEL, tag_dim=1)
    for name, expected in counted.items():
        value = head.get(name, expected)
        if (tuple(value) if isinstance(value, list) else value) != expected:
            raise LitePoseError(
                f'costs of a network: expected a head with {name} {expected}, got {value}'
            )


def architecture_complexity(
    arch: Architecture, num_keypoints: int, input_size: tuple[int, int] | None = None
) -> Complexity:
    """Parameters and multiply-accumulates of a LitePose network, which is not built for it.

    Args:
        arch: The architecture.
        num_keypoints: ``K``.
        input_size: See :func:`network_layers`.
    """
    counts = (layer.complexity for layer in network_layers(arch, num_keypoints, input_size))
    return Complexity(*map(sum, zip(*counts)))
