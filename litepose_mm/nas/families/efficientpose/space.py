"""EfficientPose's search spaces: the kernel and the expansion of every block, or no block.

Zhang et al., arXiv 2012.07086, section 3.2 and table 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, ClassVar

from ....errors import LitePoseError
from ....families.base import require_counts
from ....families.efficientpose import (
    ARCHITECTURES,
    EfficientPoseArchitecture,
    block_name,
    get_architecture,
)
from ....families.litepose import Stage
from ...search_spaces import Gene, Genotype, Operation, SearchSpace


@dataclass(frozen=True)
class EfficientPoseSearchSpace(SearchSpace):
    """All chains of the widths and at most the depths of the largest one.

    A gene is the operation of a block. The first block of a stage changes width or resolution, so
    that it cannot be left out. Networks with the same blocks in the same order are the same, also
    if others are left out between them.

    Args:
        largest: The largest network, whose blocks all have the largest kernel and expansion.
        kernel_sizes: Kernel sizes, odd.
        expansions: Expansions.
        img_size: Short side of the input in pixels; None keeps that of ``largest``.
        skip: Whether blocks can be left out.

    Raises:
        LitePoseError: A choice is missing or impossible, or ``largest`` is not the largest network.
    """

    name: ClassVar[str] = 'efficientpose'
    architectures: ClassVar[Mapping[str, EfficientPoseArchitecture]] = ARCHITECTURES

    largest: EfficientPoseArchitecture
    kernel_sizes: tuple[int, ...] = (7, 5, 3)
    expansions: tuple[int, ...] = (6, 3)
    img_size: int | None = None
    skip: bool = True

    def __post_init__(self) -> None:
        for name in ('kernel_sizes', 'expansions'):
            values = getattr(self, name)
            require_counts(**{name: values})
            object.__setattr__(self, name, tuple(sorted({*values}, reverse=True)))
        if any(kernel % 2 == 0 for kernel in self.kernel_sizes):
            raise LitePoseError(f'kernel_sizes: expected odd numbers, got {self.kernel_sizes}')
        if self.img_size is not None:
            object.__setattr__(self, 'largest', replace(self.largest, img_size=self.img_size))
        object.__setattr__(self, 'img_size', self.largest.img_size)
        most = self.expansions[0], self.kernel_sizes[0]
        own = {setting for stage in self.largest.stages for setting in stage.block_setting}
        if own != {most}:
            raise LitePoseError(
                f'search space: expected a largest network of blocks {block_name(most)}, got '
                f'{", ".join(map(block_name, sorted(own)))}'
            )

    def candidates(self) -> tuple[tuple[tuple[Operation, ...], ...], ...]:
        """See :class:`SearchSpace`; the operation of the most computation comes first."""
        blocks = tuple(product(self.expansions, self.kernel_sizes))
        others = (*blocks, None) if self.skip else blocks
        return tuple((blocks, *[others] * (stage.num_blocks - 1)) for stage in self.largest.stages)

    @cached_property
    def genes(self) -> tuple[Gene, ...]:
        """See :class:`SearchSpace`."""
        return tuple(
            Gene(f'stages[{stage}].blocks[{index}]', choices)
            for stage, own in enumerate(self.candidates())
            for index, choices in enumerate(own)
        )

    def decode(self, genotype: Sequence[int]) -> EfficientPoseArchitecture:
        """See :class:`SearchSpace`."""
        values = iter(gene.choices[index] for gene, index in zip(self.genes, genotype, strict=True))
        return self.assembled(
            [[next(values) for _ in stage.block_setting] for stage in self.largest.stages]
        )

    def encode(self, arch: EfficientPoseArchitecture) -> Genotype:
        """See :class:`SearchSpace`; blocks that are left out come last in their stage."""
        same = replace(arch, stages=self.largest.stages)
        for field in fields(arch):
            own, expected = getattr(same, field.name), getattr(self.largest, field.name)
            if own != expected:
                raise LitePoseError(f'architecture: {field.name}: expected {expected}, got {own}')
        genotype: list[int] = []
        if len(arch.stages) != len(self.largest.stages):
            raise LitePoseError(
                f'architecture: expected {len(self.largest.stages)} stages, got {len(arch.stages)}'
            )
        for number, (stage, most, choices) in enumerate(
            zip(arch.stages, self.largest.stages, self.candidates())
        ):
            genotype += self._encode_stage(number, stage, most, choices)
        return tuple(genotype)

    @staticmethod
    def _encode_stage(
        number: int, stage: Stage, most: Stage, choices: Sequence[Sequence[Operation]]
    ) -> Iterator[int]:
        name = f'architecture: stages[{number}]'
        if (stage.channel, stage.stride) != (most.channel, most.stride):
            raise LitePoseError(
                f'{name}: expected {most.channel} channels and stride {most.stride}, got '
                f'{stage.channel} and {stage.stride}'
            )
        if stage.num_blocks > most.num_blocks:
            raise LitePoseError(
                f'{name}: expected at most {most.num_blocks} blocks, got {stage.num_blocks}'
            )
        left_out = [None] * (most.num_blocks - stage.num_blocks)
        for index, operation in enumerate([*stage.block_setting, *left_out]):
            if operation not in choices[index]:
                got = 'none' if operation is None else block_name(operation)
                known = (block_name(each) for each in choices[index] if each is not None)
                raise LitePoseError(
                    f'{name}.blocks[{index}]: expected one of {", ".join(known)}, got {got}'
                )
            yield choices[index].index(operation)

    def architecture(self, source: Any) -> EfficientPoseArchitecture:
        """See :class:`SearchSpace`."""
        return get_architecture(source)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> EfficientPoseSearchSpace:
        """See :class:`SearchSpace`."""
        known = [field.name for field in fields(cls)]
        if 'largest' not in data or not data.keys() <= {*known}:
            raise LitePoseError(
                f'search space: expected {", ".join(known)}, of which all but the first have '
                f'defaults, got {", ".join(map(str, data))}'
            )
        values = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items()}
        return cls(**dict(values, largest=get_architecture(data['largest'])))

    def to_dict(self) -> dict[str, Any]:
        """See :class:`SearchSpace`."""
        return dict(
            family=self.name,
            largest=self.largest.to_dict(),
            kernel_sizes=list(self.kernel_sizes),
            expansions=list(self.expansions),
            skip=self.skip,
        )

    def describe(self, arch: EfficientPoseArchitecture) -> dict[str, Any]:
        """See :class:`SearchSpace`."""
        return {
            'input': arch.img_size,
            'blocks': '; '.join(
                ' '.join(map(block_name, stage.block_setting)) for stage in arch.stages
            ),
        }

    def baselines(self) -> Iterable[Iterator[EfficientPoseArchitecture]]:
        """Return chains of equal blocks: of all depths, and from the largest block on."""
        yield self._chains()

    def _chains(self) -> Iterator[EfficientPoseArchitecture]:
        stages = self.largest.stages
        depths = [stage.num_blocks for stage in stages]
        while True:
            for operation in product(self.expansions, self.kernel_sizes):
                yield self.assembled([[operation] * depth for depth in depths])
            if not self.skip or max(depths) == 1:
                return
            depths = [max(1, depth - 1) for depth in depths]

    @property
    def size(self) -> int:
        """The number of networks, each counted once."""
        count = len(self.kernel_sizes) * len(self.expansions)
        return prod(
            sum(count**depth for depth in range(1, stage.num_blocks + 1))
            if self.skip
            else count**stage.num_blocks
            for stage in self.largest.stages
        )


# The spaces of the paper (table 1).
EfficientPoseSearchSpace.published = {
    f'efficientpose-{setting}': EfficientPoseSearchSpace(
        ARCHITECTURES[f'efficientpose-{setting}-k7e6']
    )
    for setting in ('small', 'large')
}
