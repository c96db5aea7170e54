"""The problems that a check reports."""

from __future__ import annotations

from typing import Any, NamedTuple


class Problem(NamedTuple):
    """A problem of an annotation file.

    Attributes:
        kind: Kind of problem, for counting.
        where: ``'file'``, ``'image'`` or ``'annotation'``.
        id: Id of the image or annotation as it is in the file; None for the file.
        field: The field concerned.
        message: What was expected and what was found.
        malformed: Whether the entry cannot be used at all.
        fixed: Whether reading the file fixes the problem.
    """

    kind: str
    where: str
    id: Any
    field: str
    message: str
    malformed: bool = False
    fixed: bool = False

    @property
    def is_odd(self) -> bool:
        """Whether the entry is used unchanged."""
        return not (self.malformed or self.fixed)

    def __str__(self) -> str:
        of = '' if self.id is None else f' {self.id}'
        return f'{self.kind}: {self.where}{of}: {self.field}: {self.message}'
