"""What a check reports."""

from __future__ import annotations

from typing import Any, NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong.

    Attributes:
        kind: What sort of problem, for counting.
        where: ``'file'``, ``'image'`` or ``'annotation'``.
        id: Id of the image or annotation as the file has it; None for the file.
        field: The field it is about.
        message: What was expected and what came.
        malformed: Whether the entry cannot be used at all.
        mended: Whether reading mends it, so that the entry is used nevertheless.
    """

    kind: str
    where: str
    id: Any
    field: str
    message: str
    malformed: bool = False
    mended: bool = False

    @property
    def is_odd(self) -> bool:
        """Whether the entry is used as it is."""
        return not (self.malformed or self.mended)

    def __str__(self) -> str:
        of = '' if self.id is None else f' {self.id}'
        return f'{self.kind}: {self.where}{of}: {self.field}: {self.message}'
