"""Search spaces of resolutions and of widths that are fractions of the largest ones."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from numbers import Integral, Real
from typing import Any

from ..errors import LitePoseError
from .search_spaces import Architecture, Genotype, SearchSpace


@dataclass(frozen=True)
class WidthSearchSpace(SearchSpace):
    """Base of spaces whose networks have other resolutions and widths than the largest one.

    Subclasses are frozen dataclasses and may add fields with defaults.

    Args:
        largest: The largest network, from which the supernet is built. Its resolution becomes the
            largest of ``img_sizes``.
        img_sizes: Resolutions, as the short side of the input in pixels.
        ratios: Fractions of the largest widths.

    Raises:
        LitePoseError: A choice is missing, impossible, or larger than in ``largest``.
    """

    largest: Architecture
    img_sizes: tuple[int, ...]
    ratios: tuple[float, ...]

    def __post_init__(self) -> None:
        for name, kind in (('img_sizes', Integral), ('ratios', Real)):
            values = positive_numbers(name, getattr(self, name), kind)
            if not values:
                raise LitePoseError(f'search space: expected {name}, got none')
            object.__setattr__(self, name, values)
        if max(self.ratios) > 1:
            raise LitePoseError(f'search space: expected ratios of at most 1, got {self.ratios}')
        # An architecture checks its resolution; the largest one comes last and remains.
        for size in sorted(self.img_sizes):
            object.__setattr__(self, 'largest', replace(self.largest, img_size=size))
        try:
            self.encode(self.largest)
        except LitePoseError as error:
            raise LitePoseError(
                f'search space: the largest network is not part of it: {error}'
            ) from None

    @staticmethod
    @abstractmethod
    def named(source: Any) -> Architecture:
        """Return an architecture of the family from its name, JSON file, plain data or itself.

        Raises:
            LitePoseError: There is no such architecture.
        """

    @staticmethod
    @abstractmethod
    def rounded(width: float) -> int:
        """Round a width as the family does."""

    @abstractmethod
    def scaled(self, ratio: float, img_size: int) -> Architecture:
        """Return the largest network at a resolution, with all choosable widths at one ratio."""

    @abstractmethod
    def fixed(self, arch: Architecture) -> Iterable[tuple[str, Any, Any]]:
        """Return what is equal in all networks: names, values in ``arch`` and in the space."""

    @abstractmethod
    def values(self, arch: Architecture) -> Iterable[Any]:
        """Return the value of each gene, None if it has no effect."""

    def widths(self, largest: int) -> tuple[int, ...]:
        """Return the choices for a width, given the largest."""
        return descending(self.rounded(largest * ratio) for ratio in self.ratios)

    def encode(self, arch: Architecture) -> Genotype:
        """Return the genotype of a network; genes without effect get their first choice.

        Raises:
            LitePoseError: The network is not in the space; the message names the gene.
        """
        for name, value, expected in self.fixed(arch):
            if value != expected:
                raise LitePoseError(
                    f'architecture: {name}: expected {expected} in this search space, got {value}'
                )
        genotype = []
        for gene, value in zip(self.genes, self.values(arch), strict=True):
            if value is not None and value not in gene.choices:
                raise LitePoseError(
                    f'architecture: {gene.name}: expected one of {gene.choices} in this search '
                    f'space, got {value}'
                )
            genotype.append(0 if value is None else gene.choices.index(value))
        return tuple(genotype)

    def architecture(self, source: Any) -> Architecture:
        """See :class:`SearchSpace`; ``source`` may also be a ratio, see :meth:`uniform`."""
        return self.uniform(source) if isinstance(source, Real) else self.named(source)

    def uniform(self, ratio: float, img_size: int | None = None) -> Architecture:
        """Return the network with all widths at one ratio, and else as large as possible.

        Args:
            ratio: One of the space's ratios.
            img_size: One of the space's resolutions; None for the largest.

        Raises:
            LitePoseError: The space has no such ratio or resolution.
        """
        if ratio not in self.ratios:
            raise LitePoseError(f'ratio: expected one of {self.ratios}, got {ratio}')
        arch = self.scaled(ratio, img_size or max(self.img_sizes))
        self.encode(arch)
        return arch

    def baselines(self) -> Iterator[Iterator[Architecture]]:
        """For each resolution, yield networks with all widths at one ratio, a multiple of 1/64.

        The space itself need not have this ratio.
        """
        for size in descending(self.img_sizes):
            yield (self.scaled(step / 64, size) for step in range(64, 0, -1))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> WidthSearchSpace:
        """Make a space from the result of :meth:`to_dict`; ``largest`` may be a name or a file.

        Raises:
            LitePoseError: A field is missing, unknown, or has an impossible value.
        """
        needed = [field.name for field in fields(cls) if field.default is MISSING]
        optional = [field.name for field in fields(cls) if field.default is not MISSING]
        wrong = [f'{name} is missing' for name in sorted(set(needed) - set(data))]
        unknown = set(data) - {*needed, *optional}
        wrong += [f'{name!r} is unknown' for name in sorted(map(str, unknown))]
        if wrong:
            extra = f' and, optionally, {" and ".join(optional)}' if optional else ''
            raise LitePoseError(
                f'search space: expected {", ".join(needed)}{extra}; {", ".join(wrong)}'
            )
        return cls(**{**data, 'largest': cls.named(data['largest'])})

    def to_dict(self) -> dict[str, Any]:
        """See :class:`SearchSpace`."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        own['largest'] = self.largest.to_dict()
        return dict(family=self.name, **{name: _lists(value) for name, value in own.items()})


def as_list(values: Any) -> Sequence[Any]:
    """Return a list or tuple as it is.

    Raises:
        LitePoseError: It is something else.
    """
    if not isinstance(values, (list, tuple)):
        raise LitePoseError(f'search space: expected a list, got {values!r}')
    return values


def positive_numbers(name: str, values: Any, kind: type = Integral) -> tuple:
    """Return a tuple of positive numbers of a kind.

    Raises:
        LitePoseError: ``values`` is something else.
    """
    for value in as_list(values):
        if not isinstance(value, kind) or isinstance(value, bool) or not value > 0:
            raise LitePoseError(f'search space: {name}: expected positive numbers, got {value!r}')
    return tuple(values)


def descending(values: Iterable[int]) -> tuple[int, ...]:
    """Return the different values, the largest first."""
    return tuple(sorted(set(values), reverse=True))


def _lists(value: Any) -> Any:
    return list(map(_lists, value)) if isinstance(value, (list, tuple)) else value
