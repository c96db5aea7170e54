"""EfficientHRNet's search space: resolutions, and widths of the three coarser branches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, ClassVar

from ....families.efficienthrnet import (
    ARCHITECTURES,
    EfficientHRNetArchitecture,
    get_architecture,
)
from ...search_spaces import Gene
from ...width_spaces import WidthSearchSpace, descending

# What the genes choose.
_CHOSEN = ('img_size', 'widths')


@dataclass(frozen=True)
class EfficientHRNetSearchSpace(WidthSearchSpace):
    """All EfficientHRNets with the given resolutions and widths of the three coarser branches.

    Args:
        largest: The largest network, from which the supernet is built. Its resolution becomes the
            largest of ``img_sizes``.
        img_sizes: Resolutions, as the short side of the input in pixels, multiples of 32.
        ratios: Fractions of the largest widths; widths are rounded up, as in compound scaling.

    Raises:
        LitePoseError: A choice is missing, impossible, or larger than in ``largest``.
    """

    name: ClassVar[str] = 'efficienthrnet'
    architectures: ClassVar[Mapping[str, EfficientHRNetArchitecture]] = ARCHITECTURES

    named = staticmethod(get_architecture)

    @staticmethod
    def rounded(width: float) -> int:
        return math.ceil(round(width, 6))

    @cached_property
    def genes(self) -> tuple[Gene, ...]:
        """See :class:`SearchSpace`."""
        _, *coarse = self.largest.widths
        widths = (
            Gene(f'widths[{index}]', self.widths(width)) for index, width in enumerate(coarse, 1)
        )
        return (Gene('img_size', descending(self.img_sizes)), *widths)

    def decode(self, genotype: Sequence[int]) -> EfficientHRNetArchitecture:
        """See :class:`SearchSpace`."""
        size, *widths = (
            gene.choices[index] for gene, index in zip(self.genes, genotype, strict=True)
        )
        return self._with(size, widths)

    def scaled(self, ratio: float, img_size: int) -> EfficientHRNetArchitecture:
        """See :class:`WidthSearchSpace`."""
        return self._with(img_size, [self.rounded(ratio * w) for w in self.largest.widths[1:]])

    def _with(self, img_size: int, widths: Sequence[int]) -> EfficientHRNetArchitecture:
        return replace(self.largest, img_size=img_size, widths=(self.largest.widths[0], *widths))

    def fixed(self, arch: EfficientHRNetArchitecture) -> Iterator[tuple[str, Any, Any]]:
        """See :class:`WidthSearchSpace`."""
        for name in (field.name for field in fields(arch) if field.name not in _CHOSEN):
            yield name, getattr(arch, name), getattr(self.largest, name)
        yield 'widths[0]', arch.widths[0], self.largest.widths[0]

    def values(self, arch: EfficientHRNetArchitecture) -> tuple[int, ...]:
        """See :class:`WidthSearchSpace`."""
        return (arch.img_size, *arch.widths[1:])

    def describe(self, arch: EfficientHRNetArchitecture) -> dict[str, Any]:
        """See :class:`SearchSpace`."""
        return {'input': arch.img_size, 'branches': ', '.join(map(str, arch.widths))}


# Not published; the resolutions are those of H0 and of the smaller networks, every 64 pixels.
EfficientHRNetSearchSpace.published = {
    'efficienthrnet-h0-widths': EfficientHRNetSearchSpace(
        ARCHITECTURES['efficienthrnet-h0'], (512, 448, 384), (1, 0.75, 0.5, 0.25)
    )
}
