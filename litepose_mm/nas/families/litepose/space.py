"""LitePose's search spaces: possible widths, resolutions, depths and kernel sizes of networks.

They follow LitePose (CVPR 2022), section 5.1, and the released ``arch_manager``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from math import prod
from numbers import Integral, Real
from typing import Any, ClassVar

from ....errors import LitePoseError
from ....families.litepose import (
    ARCHITECTURES,
    Architecture,
    get_architecture,
    make_divisible,
    scaled,
)
from ...search_spaces import Gene, Genotype, SearchSpace

# Fields that are equal in all networks of a space.
_FIXED = ('strides', 'fusion')


@dataclass(frozen=True)
class LitePoseSearchSpace(SearchSpace):
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

    largest: Architecture
    img_sizes: tuple[int, ...]
    ratios: tuple[float, ...]
    depths: tuple[tuple[int, ...], ...] = ()
    kernel_sizes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name in ('img_sizes', 'ratios', 'kernel_sizes'):
            object.__setattr__(self, name, _numbers(name, getattr(self, name)))
        object.__setattr__(self, 'depths', tuple(_numbers('depths', d) for d in _list(self.depths)))
        for name in ('img_sizes', 'ratios'):
            if not getattr(self, name):
                raise LitePoseError(f'search space: expected {name}, got none')
        if max(self.ratios) > 1:
            raise LitePoseError(f'search space: expected ratios of at most 1, got {self.ratios}')
        # An architecture checks its resolution; the largest one comes last and remains.
        for size in sorted(self.img_sizes):
            object.__setattr__(self, 'largest', replace(self.largest, img_size=size))
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
        try:
            self.encode(self.largest)
        except LitePoseError as error:
            raise LitePoseError(
                f'search space: the largest network is not part of it: {error}'
            ) from None

    @cached_property
    def genes(self) -> tuple[Gene, ...]:
        """See :class:`SearchSpace`."""
        largest = self.largest
        genes = [
            Gene('img_size', _descending(self.img_sizes)),
            Gene('input_channel', self._widths(largest.input_channel)),
        ]
        for index, width in enumerate(largest.deconv_setting):
            genes.append(Gene(f'deconv_setting[{index}]', self._widths(width)))
        for index, stage in enumerate(largest.stages):
            name = f'backbone_setting[{index}]'
            genes.append(Gene(f'{name}.channel', self._widths(stage.channel)))
            depths = self.depths[index] if self.depths else (stage.num_blocks,)
            genes.append(Gene(f'{name}.num_blocks', _descending(depths)))
            for block, (_, kernel) in enumerate(stage.block_setting):
                kernels = _descending(self.kernel_sizes or (kernel,))
                genes.append(Gene(f'{name}.block_setting[{block}][1]', kernels))
        return tuple(genes)

    def _widths(self, largest: int) -> tuple[int, ...]:
        return _descending(make_divisible(largest * ratio) for ratio in self.ratios)

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

    def encode(self, arch: Architecture) -> Genotype:
        """Return the genotype of a network; missing blocks get the index of the largest kernel.

        Raises:
            LitePoseError: The network is not in the space; the message names the gene.
        """
        largest, genotype = self.largest, []
        fixed = [(name, getattr(arch, name), getattr(largest, name)) for name in _FIXED]
        fixed.append(('len(deconv_setting)', len(arch.deconv_setting), len(largest.deconv_setting)))
        for i, (stage, most) in enumerate(zip(arch.stages, largest.stages)):
            for j, (block, wide) in enumerate(zip(stage.block_setting, most.block_setting)):
                fixed.append((f'backbone_setting[{i}].block_setting[{j}][0]', block[0], wide[0]))
        for name, value, expected in fixed:
            if value != expected:
                raise LitePoseError(
                    f'architecture: {name}: expected {expected} in this search space, got {value}'
                )
        for gene, value in zip(self.genes, _values(arch, largest), strict=True):
            if value is not None and value not in gene.choices:
                raise LitePoseError(
                    f'architecture: {gene.name}: expected one of {gene.choices} in this search '
                    f'space, got {value}'
                )
            genotype.append(0 if value is None else gene.choices.index(value))
        return tuple(genotype)

    def architecture(self, source: str | float | Mapping[str, Any] | Architecture) -> Architecture:
        """See :class:`SearchSpace`; ``source`` may also be a ratio, see :meth:`uniform`."""
        return self.uniform(source) if isinstance(source, Real) else get_architecture(source)

    def uniform(self, ratio: float, img_size: int | None = None) -> Architecture:
        """Return the network with all widths at one ratio and the largest depths and kernels.

        Args:
            ratio: One of the space's ratios.
            img_size: One of the space's resolutions; None for the largest.

        Raises:
            LitePoseError: The space has no such ratio or resolution.
        """
        if ratio not in self.ratios:
            raise LitePoseError(f'ratio: expected one of {self.ratios}, got {ratio}')
        arch = scaled(self.largest, ratio, img_size or max(self.img_sizes))
        self.encode(arch)
        return arch

    def baselines(self) -> Iterator[Iterator[Architecture]]:
        """For each resolution, yield networks with all widths at one ratio, a multiple of 1/64.

        The space itself need not have this ratio.
        """
        for size in sorted(set(self.img_sizes), reverse=True):
            yield (scaled(self.largest, step / 64, size) for step in range(64, 0, -1))

    @property
    def size(self) -> int:
        """The number of networks. Kernel choices of skipped blocks are not counted."""
        widths = [self.largest.input_channel, *self.largest.deconv_setting]
        widths += [stage.channel for stage in self.largest.stages]
        size = len(set(self.img_sizes)) * prod(len(self._widths(width)) for width in widths)
        kernels = len(set(self.kernel_sizes)) or 1
        depths = self.depths or [(stage.num_blocks,) for stage in self.largest.stages]
        return size * prod(sum(kernels**depth for depth in set(own)) for own in depths)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LitePoseSearchSpace:
        """Make a space from the result of :meth:`to_dict`; ``largest`` may be a name or a file.

        Raises:
            LitePoseError: A field is missing, unknown, or has an impossible value.
        """
        known = {field.name for field in fields(cls)}
        unknown = set(data) - known
        missing = {'largest', 'img_sizes', 'ratios'} - set(data)
        if unknown or missing:
            wrong = [f'{name} is missing' for name in sorted(missing)]
            wrong += [f'{name!r} is unknown' for name in sorted(map(str, unknown))]
            raise LitePoseError(
                'search space: expected largest, img_sizes, ratios and, optionally, depths and '
                f'kernel_sizes; {", ".join(wrong)}'
            )
        return cls(**{**data, 'largest': get_architecture(data['largest'])})

    def to_dict(self) -> dict[str, Any]:
        """See :class:`SearchSpace`."""
        return dict(
            family=self.name,
            largest=self.largest.to_dict(),
            img_sizes=list(self.img_sizes),
            ratios=list(self.ratios),
            depths=[list(depths) for depths in self.depths],
            kernel_sizes=list(self.kernel_sizes),
        )

    def describe(self, arch: Architecture) -> dict[str, Any]:
        """See :class:`SearchSpace`."""
        return {
            'input': arch.img_size,
            'stem': arch.input_channel,
            'stages': ', '.join(f'{each.channel} x {each.num_blocks}' for each in arch.stages),
            'deconvolutions': ', '.join(map(str, arch.deconv_setting)),
        }


def _list(values: Any) -> Sequence[Any]:
    if not isinstance(values, (list, tuple)):
        raise LitePoseError(f'search space: expected a list, got {values!r}')
    return values


def _numbers(name: str, values: Any) -> tuple:
    """Return a tuple of positive numbers, which are integers except for ratios."""
    kind = Real if name == 'ratios' else Integral
    for value in _list(values):
        if not isinstance(value, kind) or isinstance(value, bool) or not value > 0:
            raise LitePoseError(f'search space: {name}: expected positive numbers, got {value!r}')
    return tuple(values)


def _descending(values) -> tuple[int, ...]:
    return tuple(sorted(set(values), reverse=True))


def _values(arch: Architecture, largest: Architecture) -> Iterator[int | None]:
    """Yield the values of the genes, None for blocks that ``arch`` lacks."""
    yield arch.img_size
    yield arch.input_channel
    yield from arch.deconv_setting
    for stage, most in zip(arch.stages, largest.stages):
        yield stage.channel
        yield stage.num_blocks
        for index in range(most.num_blocks):
            yield stage.block_setting[index][1] if index < stage.num_blocks else None


_LARGEST = ARCHITECTURES['prune-l']

# The spaces of the paper (section 5.1).
LitePoseSearchSpace.published = {
    'litepose-lms': LitePoseSearchSpace(_LARGEST, (512, 448), (1, 0.75, 0.5)),
    'litepose-xs': LitePoseSearchSpace(_LARGEST, (512, 448, 384, 320, 256), (1, 0.75, 0.5, 0.25)),
}
