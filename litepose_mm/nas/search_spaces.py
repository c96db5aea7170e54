"""Search spaces: which networks a supernet holds, as genes that a search can change.

What a gene is and which architecture a genotype stands for is up to the family. A family's space is
a subclass of :class:`SearchSpace` in :mod:`litepose_mm.nas.families`, or in a module of a plugin.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, ClassVar, Protocol

import numpy as np

from ..errors import LitePoseError
from ..utils.plugins import subclasses

#: A network of a space: for each gene, the index of its choice.
Genotype = tuple[int, ...]


class Architecture(Protocol):
    """What a search needs of a family's architectures, which are frozen dataclasses."""

    #: Short side of the input in pixels.
    img_size: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data that the ``arch`` of the family's backbone and head takes."""


@dataclass(frozen=True)
class Gene:
    """One choice of a search space.

    Attributes:
        name: What it decides, e.g. ``'backbone_setting[0].channel'``.
        choices: Its values, the largest first.
    """

    name: str
    choices: tuple[Any, ...]


class SearchSpace(ABC):
    """All networks that a supernet holds."""

    #: The family, which the plain data of a space names.
    name: ClassVar[str]
    #: The family's architectures by name.
    architectures: ClassVar[Mapping[str, Architecture]]
    #: The family's spaces by name.
    published: ClassVar[Mapping[str, SearchSpace]] = {}

    #: The network of the largest sizes, from which the supernet is built.
    largest: Architecture

    @property
    @abstractmethod
    def genes(self) -> tuple[Gene, ...]:
        """The choices, in the order of a :data:`Genotype`."""

    @abstractmethod
    def decode(self, genotype: Sequence[int]) -> Architecture:
        """The network of a genotype."""

    @abstractmethod
    def encode(self, arch: Architecture) -> Genotype:
        """The genotype of a network; genes without effect are always encoded alike.

        Raises:
            LitePoseError: The network is not in the space; the message names the gene.
        """

    @abstractmethod
    def architecture(self, source: Any) -> Architecture:
        """An architecture of the family, also outside of the space.

        Args:
            source: Its name, its JSON file, its plain data, or what else the family offers.

        Raises:
            LitePoseError: There is no such architecture.
        """

    def network(self, source: Any) -> Architecture:
        """A network of the space.

        Args:
            source: ``'smallest'``, or what :meth:`architecture` takes.

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
        """Reads what :meth:`to_dict` wrote, without ``family``.

        Raises:
            LitePoseError: The data is not a space.
        """

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Plain data, with ``family``, from which :func:`get_search_space` makes the space."""

    @abstractmethod
    def describe(self, arch: Architecture) -> dict[str, Any]:
        """What a report says about a network, by the titles of its columns."""

    def baselines(self) -> Iterable[Iterator[Architecture]]:
        """What a search has to beat: for each resolution, networks that are scaled uniformly.

        They come from the largest to the smallest; the first that meets the constraints counts.
        """
        return ()

    def sample(self, rng: np.random.Generator) -> Genotype:
        """A network at random: every gene is drawn independently and uniformly."""
        return tuple(int(rng.integers(len(gene.choices))) for gene in self.genes)

    @cached_property
    def smallest(self) -> Architecture:
        """The network of the last choice of every gene."""
        return self.decode([len(gene.choices) - 1 for gene in self.genes])

    @property
    def size(self) -> int:
        """The number of networks."""
        return prod(len(gene.choices) for gene in self.genes)


def search_spaces() -> dict[str, SearchSpace]:
    """The published spaces of all families by name."""
    return {name: space for each in _kinds() for name, space in each.published.items()}


def get_search_space(source: str | Mapping[str, Any] | SearchSpace) -> SearchSpace:
    """A search space from its name, its plain data, or itself.

    Args:
        source: Plain data can leave ``family`` out where ``largest`` is the name of a published
            architecture.

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
