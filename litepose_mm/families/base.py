"""The base class of families, which describe everything that is specific to their networks."""

from __future__ import annotations

import difflib
import json
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

from ..errors import LitePoseError, some

if TYPE_CHECKING:
    from torch import Tensor

A = TypeVar('A')


class Paper(NamedTuple):
    """The publication of a family."""

    title: str
    url: str


class Recognised(NamedTuple):
    """A network that was recognised by the names and shapes of its weights.

    Attributes:
        family: Its family.
        architecture: A value like the family's variants. Values that do not follow from shapes,
            such as the input size, are those of the variant, or typical ones.
        variant: Name of the equal variant, or None.
        num_keypoints: Number of keypoints, ``K``.
    """

    family: Family
    architecture: Any
    variant: str | None
    num_keypoints: int


class Family:
    """Networks of one kind; subclasses in modules of this package or of plugins are discovered.

    A family is torch-free: it names the components of its networks in configs, as MMPose does. What
    its supernet needs is in ``litepose_mm/nas/families/``.
    """

    #: Name in the zoo.
    name: ClassVar[str]
    #: Name for people.
    title: ClassVar[str]
    #: Method of pose estimation, abbreviated as in MMPose's metafiles: ``'AE'``, ``'PAF'``, ….
    method: ClassVar[str]
    paper: ClassVar[Paper]
    #: The published architectures by name, in any form that :meth:`model_config` accepts.
    variants: ClassVar[Mapping[str, Any]]
    #: Prefixes of the authors' names of tensors, mapped to ours; see :func:`rename`.
    authors_names: ClassVar[Mapping[str, str]] = {}
    #: Prefixes, in the same form, of tensors that only the classification network has from which a
    #: backbone starts.
    classifier_names: ClassVar[Sequence[str]] = ()
    #: Rows of the zoo for a family outside the package: as in ``zoo/models.json``, but without
    #: ``family`` and with the path of the config.
    models: ClassVar[Sequence[Mapping[str, Any]]] = ()

    def model_config(
        self, architecture: Any, num_keypoints: int, supernet: bool = False
    ) -> dict[str, Any]:
        """Return the config ``model`` of a network, in plain values.

        Args:
            architecture: One of the variants, or another value of this kind.
            num_keypoints: Number of keypoints, ``K``.
            supernet: Whether to return the supernet that has this network as its largest one, if
                the family has supernets.
        """
        raise NotImplementedError

    def recognise(self, state: Mapping[str, Tensor]) -> Recognised | None:
        """Recognise the network of weights with our names; None if it is not of this family.

        Args:
            state: Tensors by name; only their shapes are used.
        """
        raise NotImplementedError

    def authors_share(self, state: Iterable[str]) -> float:
        """Return the fraction of names, 0 to 1, that are those of the authors' code."""
        names = list(state)
        return len(rename(names, self.authors_names)) / max(len(names), 1)

    def from_authors(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename the authors' weights, of the network or of its backbone, to our names.

        A classifier, which pre-trained backbones come with, is left out with a warning.

        Raises:
            LitePoseError: The authors' network has no tensor of one of the names.
        """
        names = rename(state, self.authors_names)
        unknown = [key for key in state if key not in names]
        classifier = rename(unknown, dict.fromkeys(self.classifier_names, ''))
        if classifier:
            warnings.warn(
                f'{len(classifier)} tensors of the classifier are left out: '
                f'{some(list(classifier))}'
            )
            unknown = [key for key in unknown if key not in classifier]
        if unknown:
            raise LitePoseError(
                f"expected the tensor names of the authors' {self.title}, got {len(unknown)} "
                f'others: {some(unknown)}'
            )
        return {names[key]: state[key] for key in names}


def rename(names: Iterable[str], table: Mapping[str, str]) -> dict[str, str]:
    """Rename tensors by replacing prefixes of their names.

    Args:
        names: The names.
        table: Prefixes of names and their replacements, in which ``{…}`` stands for a number, such
            as ``{'conv.{i}.': 'backbone.{i}.conv.'}``. The first prefix that matches is replaced.

    Returns:
        New names by the old ones, for all names with a prefix in the table.
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


def named_architecture(
    source: str | Path,
    named: Mapping[str, A],
    from_dict: Callable[[Mapping[str, Any]], A],
) -> A:
    """Return an architecture by its name or from a JSON file.

    Args:
        source: The name, or the path of a file whose name ends in ``.json``.
        named: The family's architectures by name.
        from_dict: Makes an architecture of the content of a file.

    Raises:
        LitePoseError: The name is unknown, or the file is not an architecture.
    """
    name = str(source)
    if name in named:
        return named[name]
    if name.endswith('.json'):
        try:
            return from_dict(json.loads(Path(name).read_text(encoding='utf-8')))
        except OSError as error:
            raise LitePoseError(f'architecture {name}: cannot be read ({error.strerror})') from None
        except ValueError as error:
            raise LitePoseError(f'architecture {name}: {error}') from None
    near = difflib.get_close_matches(name, named, n=3, cutoff=0.3) or list(named)
    raise LitePoseError(
        f'unknown architecture {name!r}; did you mean {", ".join(near)}? '
        '(a name, a .json file or plain data)'
    )


def require_counts(least: int = 1, **values: Iterable[Any]) -> None:
    """Check that all values of each name are whole numbers of at least ``least``.

    Raises:
        LitePoseError: One is not, or there are none.
    """
    for name, own in values.items():
        own = list(own) if isinstance(own, Iterable) else own
        counts = own if isinstance(own, list) else []
        if not counts or not all(type(value) is int and value >= least for value in counts):
            kind = 'positive integers' if least == 1 else f'integers of at least {least}'
            raise LitePoseError(f'{name}: expected {kind}, got {own}')


def last_index(names: Iterable[str], pattern: str) -> int:
    """Return the largest number that the group of a pattern has at the start of a name.

    Raises:
        KeyError: No name matches.
    """
    found = [int(match[1]) for match in (re.match(pattern, name) for name in names) if match]
    if not found:
        raise KeyError(pattern)
    return max(found)
