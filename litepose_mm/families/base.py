"""What a family is: one object that says all that is particular to its networks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ..errors import LitePoseError, some

if TYPE_CHECKING:
    from torch import Tensor


class Paper(NamedTuple):
    """Where a family was published."""

    title: str
    url: str


class Recognised(NamedTuple):
    """What the names and shapes of weights tell of their network.

    Attributes:
        family: Its family.
        architecture: A value as in the family's variants. What shapes do not tell, such as the
            input size, is that of the variant, or a usual one.
        variant: Name of the variant that it equals, or ``None``.
        num_keypoints: ``K``.
    """

    family: Family
    architecture: Any
    variant: str | None
    num_keypoints: int


class Family:
    """Networks of one kind; a subclass in a module of this package, or of a plugin, is found.

    A family is torch-free: it names the components of its networks in configs, as MMPose does. What
    its supernet needs is in ``litepose_mm/nas/families/``.
    """

    #: What the zoo calls it.
    name: ClassVar[str]
    #: What people call it.
    title: ClassVar[str]
    #: How it finds people, as MMPose's metafiles abbreviate it: ``'AE'``, ``'PAF'``, ….
    method: ClassVar[str]
    paper: ClassVar[Paper]
    #: The published architectures by name; each a value that :meth:`model_config` takes.
    variants: ClassVar[Mapping[str, Any]]
    #: The beginnings of the authors' names of tensors, and ours; see :func:`rename`.
    authors_names: ClassVar[Mapping[str, str]] = {}
    #: Rows of the zoo for a family from outside the package: as in ``zoo/models.json``, without
    #: ``family``, and with the path of the config.
    models: ClassVar[Sequence[Mapping[str, Any]]] = ()

    def model_config(
        self, architecture: Any, num_keypoints: int, supernet: bool = False
    ) -> dict[str, Any]:
        """The config ``model`` of a network, in plain values.

        Args:
            architecture: One of the variants, or another value of that kind.
            num_keypoints: ``K``.
            supernet: Whether it is to be the supernet whose largest network this is, for families
                that have one.
        """
        raise NotImplementedError

    def recognise(self, state: Mapping[str, Tensor]) -> Recognised | None:
        """The network that weights with our names belong to; None if it is not of this family.

        Args:
            state: Tensors by name, of which only the shapes count.
        """
        raise NotImplementedError

    def authors_share(self, state: Iterable[str]) -> float:
        """The fraction of tensors, 0 to 1, whose names are like those of the authors' code."""
        names = list(state)
        return len(rename(names, self.authors_names)) / max(len(names), 1)

    def from_authors(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights with our names for the authors'.

        Raises:
            LitePoseError: There is a name that the authors' network does not have.
        """
        names = rename(state, self.authors_names)
        unknown = [key for key in state if key not in names]
        if unknown:
            raise LitePoseError(
                f"{len(unknown)} names are not of the authors' {self.title}: {some(unknown)}"
            )
        return {names[key]: value for key, value in state.items()}


def rename(names: Iterable[str], table: Mapping[str, str]) -> dict[str, str]:
    """Other names for those of a network's tensors.

    Args:
        names: The names.
        table: Beginnings of names, and what takes their place; ``{…}`` stands for a number. The
            first that fits counts: ``{'conv.{i}.': 'backbone.{i}.conv.'}``.

    Returns:
        The new name by the old one, for all names that the table has.
    """
    patterns = [(_pattern(old), new) for old, new in table.items()]
    found = {}
    for name in names:
        for pattern, new in patterns:
            match = pattern.match(name)
            if match:
                found[name] = new.format(**match.groupdict()) + name[match.end() :]
                break
    return found


@cache
def _pattern(template: str) -> re.Pattern[str]:
    seen: set[str] = set()

    def group(match: re.Match[str]) -> str:
        name = match[1]
        again = name in seen
        seen.add(name)
        return f'(?P={name})' if again else rf'(?P<{name}>\d+)'

    return re.compile(re.sub(r'\\\{(\w+)\\\}', group, re.escape(template)))
