"""Values in cards whose kind is found by its name, as those of decoders and of resize rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

import msgspec

from ..errors import LitePoseError
from .plugins import subclasses

#: Upper bound of every number in a card; larger ones would exhaust the memory.
LARGEST = 1 << 16
Positive = Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]
AboveZero = Annotated[float, msgspec.Meta(gt=0, le=LARGEST)]

T = TypeVar('T', bound='Tagged')


class Tagged(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field='kind'
):
    """A value whose class has a ``tag``; a class is found once its module is imported."""

    #: What the value is called in cards and errors.
    field: ClassVar[str]

    @classmethod
    def kind(cls) -> str:
        """Returns the name of this kind of value in cards."""
        return str(cls.__struct_config__.tag)

    @classmethod
    def kinds(cls: type[T]) -> dict[str, type[T]]:
        """Returns every kind whose module is imported, including those of plugins."""
        return {each.kind(): each for each in subclasses(cls)}

    def to_dict(self) -> dict[str, Any]:
        """Returns the value in JSON-compatible form; see :meth:`from_dict`."""
        return msgspec.to_builtins(self)

    @classmethod
    def from_dict(cls: type[T], document: Any) -> T:
        """Creates a value of any kind from what :meth:`to_dict` returned.

        Raises:
            LitePoseError: The kind is unknown, or a value is missing, unknown or wrong.
        """
        kind = document.get('kind') if isinstance(document, Mapping) else None
        known = cls.kinds()
        if not isinstance(kind, str) or kind not in known:
            raise LitePoseError(
                f'{cls.field}: expected one of the kinds {", ".join(known)}, got {kind!r}; import '
                'the module that defines it, or update litepose_mm'
            )
        try:
            return msgspec.convert(document, known[kind])
        except msgspec.ValidationError as error:
            raise LitePoseError(f'{cls.field}: {error}') from error
