"""Search spaces: the networks of a supernet, described by genes that a search can change.

Each family defines its genes and how they map to architectures in a subclass of
:class:`SearchSpace`, in :mod:`litepose_mm.nas.families` or in a module of a plugin.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any, ClassVar, Protocol

import numpy as np

from ..errors import LitePoseError
from ..utils.plugins import subclasses

#: A network of a space: for each gene, the index of its choice.
Genotype = tuple[int, ...]
#: Expansion and kernel size of an inverted residual block, or None, which leaves the block out.
Operation = tuple[int, int] | None


class Architecture(Protocol):
    """Interface of a family's architectures, which are frozen dataclasses."""

    #: Short side of the input in pixels.
    img_size: int
    #: Both sides of the input are multiples of this number of pixels.
    stride: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, which the ``arch`` of the family's backbone and head accepts."""


@dataclass(frozen=True)
class Gene:
    """One choice of a search space.

    Attributes:
        name: The number that it determines, such as ``'backbone_setting[0].channel'``.
        choices: Possible values, the largest first.
    """

    name: str
    choices: tuple[Any, ...]


class SearchSpace(ABC):
    """All networks of a supernet."""

    #: Name of the family, also in the plain data of a space.
    name: ClassVar[str]
    #: The family's architectures by name.
    architectures: ClassVar[Mapping[str, Architecture]]
    #: The family's spaces by name.
    published: ClassVar[Mapping[str, SearchSpace]] = {}

    #: The largest network, from which the supernet is built.
    largest: Architecture

    @property
    @abstractmethod
    def genes(self) -> tuple[Gene, ...]:
        """The choices, in the order of a :data:`Genotype`."""

    @abstractmethod
    def decode(self, genotype: Sequence[int]) -> Architecture:
        """Return the network of a genotype."""

    @abstractmethod
    def encode(self, arch: Architecture) -> Genotype:
        """Return the genotype of a network; genes without effect are always encoded equally.

        Raises:
            LitePoseError: The network is not in the space; the message names the gene.
        """

    @abstractmethod
    def architecture(self, source: Any) -> Architecture:
        """Return an architecture of the family, which need not be in the space.

        Args:
            source: Name, JSON file, plain data, or another form that the family accepts.

        Raises:
            LitePoseError: There is no such architecture.
        """

    def network(self, source: Any) -> Architecture:
        """Return a network of the space.

        Args:
            source: ``'smallest'``, or any form that :meth:`architecture` accepts.

        Raises:
            LitePoseError: There is no such network, or it is not in the space.
        """
        if isinstance(source, str) and source == 'smallest':
            return self.smallest
        arch = self.architecture(source)
        self.encode(arch)
        return arch

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SearchSpace:
        """Make a space from the result of :meth:`to_dict` without ``family``.

        Raises:
            LitePoseError: The data is not a space.
        """

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return plain data, including ``family``, that :func:`get_search_space` accepts."""

    @abstractmethod
    def describe(self, arch: Architecture) -> dict[str, Any]:
        """Return the cells of a report about a network, by the titles of its columns."""

    def candidates(self) -> tuple[tuple[tuple[Operation, ...], ...], ...]:
        """Return the operations between which each block of each stage can choose.

        They describe all of the space if it differs in blocks only, so that a search by gradient is
        possible (:mod:`litepose_mm.nas.differentiable`).

        Raises:
            LitePoseError: The networks differ in something else, such as their widths.
        """
        raise LitePoseError(
            f'search by gradient: expected a space of chains of blocks, got one of {self.name}'
        )

    def assembled(self, stages: Sequence[Sequence[Operation]]) -> Architecture:
        """Return the network of an operation for each block, as :meth:`candidates` offers them."""
        return replace(
            self.largest,
            stages=tuple(
                replace(stage, block_setting=tuple(each for each in own if each is not None))
                for stage, own in zip(self.largest.stages, stages, strict=True)
            ),
        )

    def baselines(self) -> Iterable[Iterator[Architecture]]:
        """Return uniformly scaled networks for each resolution, as baselines of a search.

        They are ordered from the largest to the smallest; the first that meets the constraints is
        the baseline.
        """
        return ()

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Sample a network: every gene is independent and uniformly distributed."""
        return tuple(int(rng.integers(len(gene.choices))) for gene in self.genes)

    @cached_property
    def smallest(self) -> Architecture:
        """The smallest network, with the last choice of every gene."""
        return self.decode([len(gene.choices) - 1 for gene in self.genes])

    @property
    def size(self) -> int:
        """The number of networks."""
        return prod(len(gene.choices) for gene in self.genes)


def search_spaces() -> dict[str, SearchSpace]:
    """Return the published spaces of all families by name."""
    return {name: space for each in _kinds() for name, space in each.published.items()}


def get_search_space(source: str | Mapping[str, Any] | SearchSpace) -> SearchSpace:
    """Return a search space.

    Args:
        source: Name of a published space, plain data, or a space. Plain data may omit ``family`` if
            ``largest`` is the name of a published architecture.

    Raises:
        LitePoseError: The name is unknown, or the data is not a search space.
    """
    if isinstance(source, SearchSpace):
        return source
    if isinstance(source, Mapping):
        data, kinds = dict(source), {each.name: each for each in _kinds()}
        largest = data.get('largest')
        named = (name for name, each in kinds.items() if largest in list(each.architectures))
        family = data.pop('family', next(named, None))
        if not isinstance(family, str) or family not in kinds:
            raise LitePoseError(
                f'search space: expected family to be one of {", ".join(kinds)}, got {family!r}'
            )
        return kinds[family].from_dict(data)
    spaces = search_spaces()
    if not isinstance(source, str) or source not in spaces:
        raise LitePoseError(
            f'unknown search space {source!r}; expected one of {", ".join(spaces)}, '
            'or its plain data'
        )
    return spaces[source]


def _kinds() -> Iterator[type[SearchSpace]]:
    return (each for each in subclasses(SearchSpace) if 'name' in vars(each))
