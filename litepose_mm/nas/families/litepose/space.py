"""LitePose's search spaces: possible widths, resolutions, depths and kernel sizes of networks.

They follow LitePose (CVPR 2022), section 5.1, and the released ``arch_manager``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, ClassVar

from ....errors import LitePoseError, some
from ....families.litepose import (
    ARCHITECTURES,
    Architecture,
    get_architecture,
    make_divisible,
    scaled,
)
from ...search_spaces import Gene, Operation
from ...width_spaces import WidthSearchSpace, as_list, descending, positive_numbers

# Fields that are equal in all networks of a space.
_FIXED = ('strides', 'fusion')


@dataclass(frozen=True)
class LitePoseSearchSpace(WidthSearchSpace):
    """All LitePose networks with the given widths, resolutions, depths and kernel sizes.

    Genes have the names of the authors' JSON form.

    Args:
        largest: The largest network, from which the supernet is built. Its resolution becomes the
            largest of ``img_sizes``.
        img_sizes: Resolutions, as the short side of the input in pixels.
        ratios: Fractions of the largest widths; widths are rounded to multiples of 8.
        depths: Numbers of blocks for each stage; if empty, those of ``largest``.
        kernel_sizes: Kernel sizes of all blocks; if empty, those of ``largest``.

    Raises:
        LitePoseError: A choice is missing, impossible, or larger than in ``largest``.
    """

    name: ClassVar[str] = 'litepose'
    architectures: ClassVar[Mapping[str, Architecture]] = ARCHITECTURES

    depths: tuple[tuple[int, ...], ...] = ()
    kernel_sizes: tuple[int, ...] = ()

    named = staticmethod(get_architecture)
    rounded = staticmethod(make_divisible)

    def __post_init__(self) -> None:
        depths = tuple(positive_numbers('depths', own) for own in as_list(self.depths))
        kernels = positive_numbers('kernel_sizes', self.kernel_sizes)
        object.__setattr__(self, 'depths', depths)
        object.__setattr__(self, 'kernel_sizes', kernels)
        stages = self.largest.stages
        if self.depths and len(self.depths) != len(stages):
            raise LitePoseError(
                f'search space: expected depths for {len(stages)} stages, got {self.depths}'
            )
        for stage, depths in zip(stages, self.depths):
            if not depths or max(depths) > stage.num_blocks:
                raise LitePoseError(
                    f'search space: expected depths from 1 to {stage.num_blocks}, got {depths}'
                )
        for kernel in self.kernel_sizes:
            if kernel % 2 == 0 or any(
                kernel > most for stage in stages for _, most in stage.block_setting
            ):
                raise LitePoseError(
                    f'search space: expected kernel_sizes that are odd and at most those of the '
                    f'largest network, got {kernel}'
                )
        super().__post_init__()

    @cached_property
    def genes(self) -> tuple[Gene, ...]:
        """See :class:`SearchSpace`."""
        largest = self.largest
        genes = [
            Gene('img_size', descending(self.img_sizes)),
            Gene('input_channel', self.widths(largest.input_channel)),
        ]
        for index, width in enumerate(largest.deconv_setting):
            genes.append(Gene(f'deconv_setting[{index}]', self.widths(width)))
        for index, stage in enumerate(largest.stages):
            name = f'backbone_setting[{index}]'
            genes.append(Gene(f'{name}.channel', self.widths(stage.channel)))
            depths = self.depths[index] if self.depths else (stage.num_blocks,)
            genes.append(Gene(f'{name}.num_blocks', descending(depths)))
            for block, (_, kernel) in enumerate(stage.block_setting):
                kernels = descending(self.kernel_sizes or (kernel,))
                genes.append(Gene(f'{name}.block_setting[{block}][1]', kernels))
        return tuple(genes)

    def decode(self, genotype: Sequence[int]) -> Architecture:
        """See :class:`SearchSpace`."""
        values = iter(gene.choices[index] for gene, index in zip(self.genes, genotype, strict=True))
        img_size, input_channel = next(values), next(values)
        deconvs = tuple(next(values) for _ in self.largest.deconv_setting)
        stages = []
        for stage in self.largest.stages:
            channel, depth = next(values), next(values)
            blocks = [(expansion, next(values)) for expansion, _ in stage.block_setting]
            stages.append(replace(stage, channel=channel, block_setting=tuple(blocks[:depth])))
        return replace(
            self.largest,
            img_size=img_size,
            input_channel=input_channel,
            deconv_setting=deconvs,
            stages=tuple(stages),
        )

    def candidates(self) -> tuple[tuple[tuple[Operation, ...], ...], ...]:
        """See :class:`SearchSpace`; the depths of a stage must be consecutive numbers."""
        several = [
            gene.name
            for gene in self.genes
            if len(gene.choices) > 1 and not gene.name.endswith(('[1]', '.num_blocks'))
        ]
        if several:
            raise LitePoseError(
                'search by gradient: expected a space of blocks only, got several choices of '
                f'{some(several)}; give one of img_sizes and ratios=[1]'
            )
        stages = []
        depths = self.depths or [(stage.num_blocks,) for stage in self.largest.stages]
        for stage, own in zip(self.largest.stages, depths):
            if {*own} != {*range(min(own), stage.num_blocks + 1)}:
                raise LitePoseError(
                    'search by gradient: expected all depths from the least to '
                    f'{stage.num_blocks}, because every block is left out on its own, got {own}'
                )
            blocks = []
            for index, (expansion, kernel) in enumerate(stage.block_setting):
                kernels = descending(self.kernel_sizes or (kernel,))
                skips = (None,) if index >= min(own) else ()
                blocks.append((*((expansion, each) for each in kernels), *skips))
            stages.append(tuple(blocks))
        return tuple(stages)

    def scaled(self, ratio: float, img_size: int) -> Architecture:
        """See :class:`WidthSearchSpace`."""
        return scaled(self.largest, ratio, img_size)

    def fixed(self, arch: Architecture) -> Iterator[tuple[str, Any, Any]]:
        """See :class:`WidthSearchSpace`."""
        largest = self.largest
        for name in _FIXED:
            yield name, getattr(arch, name), getattr(largest, name)
        yield 'len(deconv_setting)', len(arch.deconv_setting), len(largest.deconv_setting)
        for i, (stage, most) in enumerate(zip(arch.stages, largest.stages)):
            for j, (block, wide) in enumerate(zip(stage.block_setting, most.block_setting)):
                yield f'backbone_setting[{i}].block_setting[{j}][0]', block[0], wide[0]

    def values(self, arch: Architecture) -> Iterator[int | None]:
        """See :class:`WidthSearchSpace`; the kernels of blocks that ``arch`` lacks are None."""
        yield arch.img_size
        yield arch.input_channel
        yield from arch.deconv_setting
        for stage, most in zip(arch.stages, self.largest.stages):
            yield stage.channel
            yield stage.num_blocks
            for index in range(most.num_blocks):
                yield stage.block_setting[index][1] if index < stage.num_blocks else None

    @property
    def size(self) -> int:
        """The number of networks. Kernel choices of skipped blocks are not counted."""
        widths = [self.largest.input_channel, *self.largest.deconv_setting]
        widths += [stage.channel for stage in self.largest.stages]
        size = len(set(self.img_sizes)) * prod(len(self.widths(width)) for width in widths)
        kernels = len(set(self.kernel_sizes)) or 1
        depths = self.depths or [(stage.num_blocks,) for stage in self.largest.stages]
        return size * prod(sum(kernels**depth for depth in set(own)) for own in depths)

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """See :class:`SearchSpace`."""
        return {
            'input': arch.img_size,
            'stem': arch.input_channel,
            'stages': ', '.join(f'{each.channel} x {each.num_blocks}' for each in arch.stages),
            'deconvolutions': ', '.join(map(str, arch.deconv_setting)),
        }


_LARGEST = ARCHITECTURES['prune-l']

# The spaces of the paper (section 5.1).
LitePoseSearchSpace.published = {
    'litepose-lms': LitePoseSearchSpace(_LARGEST, (512, 448), (1, 0.75, 0.5)),
    'litepose-xs': LitePoseSearchSpace(_LARGEST, (512, 448, 384, 320, 256), (1, 0.75, 0.5, 0.25)),
}
