"""Search spaces as data: which widths, resolutions, depths and kernels a network may have.

LitePose (CVPR 2022), section 5.1, and the released ``arch_manager``. This module needs numpy and
the standard library only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from typing import Any

import numpy as np

from .architectures import (
    ARCHITECTURES,
    Architecture,
    Stage,
    get_architecture,
    make_divisible,
)
from .errors import LitePoseError

#: A network of a space: for each gene, which of its choices it has.
Genotype = tuple[int, ...]


@dataclass(frozen=True)
class Gene:
    """One choice of a search space.

    Attributes:
        name: Where it stands in the authors' JSON form, e.g. ``'backbone_setting[0].channel'``.
        choices: What it may be, the largest first.
    """

    name: str
    choices: tuple[int, ...]


@dataclass(frozen=True)
class SearchSpace:
    """All networks whose every part is one of some sizes.

    Args:
        largest: The network of the largest sizes; what a supernet is built from. Its resolution is
            the largest of ``img_sizes``.
        img_sizes: Resolutions, the short side of the input in pixels.
        ratios: Shares of the largest widths; a width is the multiple of 8 next to its share.
        depths: For each stage, numbers of blocks; only that of ``largest`` where it is empty.
        kernel_sizes: Kernels of every block; only those of ``largest`` where it is empty.

    Raises:
        LitePoseError: A choice is larger than ``largest``, or there is none.
    """

    largest: Architecture
    img_sizes: tuple[int, ...]
    ratios: tuple[float, ...]
    depths: tuple[tuple[int, ...], ...] = ()
    kernel_sizes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, values in (('img_sizes', self.img_sizes), ('ratios', self.ratios)):
            if not values or min(values) <= 0:
                raise LitePoseError(f'search space: {name} must be positive, got {values}')
        if max(self.ratios) > 1:
            raise LitePoseError(f'search space: ratios must be at most 1, got {self.ratios}')
        # so that it is one of the space
        largest = replace(self.largest, img_size=max(self.img_sizes))
        object.__setattr__(self, 'largest', largest)
        stages = self.largest.stages
        if self.depths and len(self.depths) != len(stages):
            raise LitePoseError(
                f'search space: depths must be given for {len(stages)} stages, got {self.depths}'
            )
        for stage, depths in zip(stages, self.depths):
            if not depths or not 1 <= min(depths) <= max(depths) <= stage.num_blocks:
                raise LitePoseError(
                    f'search space: depths must be 1 to {stage.num_blocks}, got {depths}'
                )
        for kernel in self.kernel_sizes:
            if kernel % 2 == 0 or any(
                kernel > most for stage in stages for _, most in stage.block_setting
            ):
                raise LitePoseError(
                    f'search space: kernel_sizes must be odd and at most those of the largest '
                    f'network, got {kernel}'
                )

    @cached_property
    def genes(self) -> tuple[Gene, ...]:
        """The choices, in the order of a :data:`Genotype`."""
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

    @cached_property
    def free_genes(self) -> tuple[int, ...]:
        """Which genes have more than one choice."""
        return tuple(i for i, gene in enumerate(self.genes) if len(gene.choices) > 1)

    def decode(self, genotype: Sequence[int]) -> Architecture:
        """The network of a genotype."""
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
        """The genotype of a network; a kernel that it has not is the largest.

        Raises:
            LitePoseError: It is not in the space; the message names the gene.
        """
        fixed = ('strides', 'fusion')
        for name in fixed:
            if getattr(arch, name) != getattr(self.largest, name):
                raise LitePoseError(
                    f'architecture: {name} must be {getattr(self.largest, name)} in this search '
                    f'space, got {getattr(arch, name)}'
                )
        genotype = []
        for gene, value in zip_longest(self.genes, _values(arch, self.largest)):
            if value is None:
                genotype.append(0)
            elif gene is None or value not in gene.choices:
                name = gene.name if gene else 'deconv_setting'
                choices = gene.choices if gene else 'nothing more'
                raise LitePoseError(
                    f'architecture: {name} must be one of {choices} in this search space, '
                    f'got {value}'
                )
            else:
                genotype.append(gene.choices.index(value))
        return tuple(genotype)

    def sample(self, rng: np.random.Generator) -> Genotype:
        """A network, every gene drawn alone and evenly, as the authors do."""
        return tuple(int(rng.integers(len(gene.choices))) for gene in self.genes)

    def uniform(self, ratio: float, img_size: int | None = None) -> Architecture:
        """The network with all widths at one ratio, the largest depths and kernels.

        Args:
            ratio: One of the space's ratios.
            img_size: One of its resolutions; the largest by default.

        Raises:
            LitePoseError: The space has no such ratio or resolution.
        """
        if ratio not in self.ratios:
            raise LitePoseError(f'ratio: expected one of {self.ratios}, got {ratio}')
        largest = self.largest
        arch = replace(
            largest,
            img_size=img_size or max(self.img_sizes),
            input_channel=make_divisible(largest.input_channel * ratio),
            deconv_setting=tuple(make_divisible(c * ratio) for c in largest.deconv_setting),
            stages=tuple(
                replace(stage, channel=make_divisible(stage.channel * ratio))
                for stage in largest.stages
            ),
        )
        self.encode(arch)
        return arch

    @property
    def smallest(self) -> Architecture:
        """The network of the last choice of every gene."""
        return self.decode([len(gene.choices) - 1 for gene in self.genes])

    def __len__(self) -> int:
        """How many genotypes there are."""
        return int(np.prod([len(gene.choices) for gene in self.genes], dtype=object))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SearchSpace:
        """Reads what :meth:`to_dict` wrote; ``largest`` may also be a name or a JSON file.

        Raises:
            LitePoseError: A field is missing, unknown, or has an impossible value.
        """
        known = ('largest', 'img_sizes', 'ratios', 'depths', 'kernel_sizes')
        unknown = set(data) - set(known)
        if unknown or not {'largest', 'img_sizes', 'ratios'} <= set(data):
            raise LitePoseError(
                f'search space: expected largest, img_sizes, ratios and, if wanted, depths and '
                f'kernel_sizes; got {", ".join(map(str, data)) or "nothing"}'
            )
        return cls(
            largest=get_architecture(data['largest']),
            img_sizes=tuple(data['img_sizes']),
            ratios=tuple(data['ratios']),
            depths=tuple(tuple(depths) for depths in data.get('depths', ())),
            kernel_sizes=tuple(data.get('kernel_sizes', ())),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data that says everything."""
        return dict(
            largest=self.largest.to_dict(),
            img_sizes=list(self.img_sizes),
            ratios=list(self.ratios),
            depths=[list(depths) for depths in self.depths],
            kernel_sizes=list(self.kernel_sizes),
        )


def _descending(values) -> tuple[int, ...]:
    return tuple(sorted(set(values), reverse=True))


def _values(arch: Architecture, largest: Architecture) -> Iterator[int | None]:
    """The genes' values; None for a block that ``arch`` has not."""
    yield arch.img_size
    yield arch.input_channel
    yield from arch.deconv_setting
    for stage, most in zip(arch.stages, largest.stages):
        yield stage.channel
        yield stage.num_blocks
        for block, _ in zip_longest(stage.block_setting, most.block_setting):
            yield None if block is None else block[1]


def _with_depths(arch: Architecture, depths: Sequence[int]) -> Architecture:
    stages = (
        Stage(stage.channel, stage.stride, stage.block_setting[:depth])
        for stage, depth in zip(arch.stages, depths)
    )
    return replace(arch, stages=tuple(stages))


_LARGEST = ARCHITECTURES['prune-l']
# The released sampler's depths. No published network has them, and the blocks it leaves out are
# never trained.
_RELEASED = _with_depths(_LARGEST, (4, 6, 8, 8))

#: The paper's spaces (section 5.1), and those with the depths of the released code.
SEARCH_SPACES: dict[str, SearchSpace] = {
    'litepose-lms': SearchSpace(_LARGEST, (512, 448), (1, 0.75, 0.5)),
    'litepose-xs': SearchSpace(_LARGEST, (512, 448, 384, 320, 256), (1, 0.75, 0.5, 0.25)),
    'released-lms': SearchSpace(_RELEASED, (512, 448), (1, 0.75, 0.5)),
    'released-xs': SearchSpace(_RELEASED, (512, 448, 384, 320, 256), (1, 0.75, 0.5, 0.25)),
}


def get_search_space(source: str | Mapping[str, Any] | SearchSpace) -> SearchSpace:
    """A search space from its name in :data:`SEARCH_SPACES`, its plain data, or itself.

    Raises:
        LitePoseError: The name is unknown, or the data is no search space.
    """
    if isinstance(source, SearchSpace):
        return source
    if isinstance(source, Mapping):
        return SearchSpace.from_dict(source)
    if source not in SEARCH_SPACES:
        raise LitePoseError(
            f'unknown search space {source!r}; expected one of {", ".join(SEARCH_SPACES)}, '
            'or its plain data'
        )
    return SEARCH_SPACES[source]
