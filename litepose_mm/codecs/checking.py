"""Check the options of codecs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ..errors import LitePoseError
from ..utils.tagged import Positive

Size = tuple[int, int]


def checked(name: str, value: Any, kind: Any) -> Any:
    """Returns a value as a certain type.

    Args:
        name: What the value is called in configs.
        value: The value.
        kind: The type, with limits as ``msgspec`` describes them.

    Raises:
        LitePoseError: The value is not of this type, or outside its limits.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise LitePoseError(f'{name}: {error}, in {value!r}') from None


def checked_size(name: str, value: Sequence[int]) -> Size:
    """Returns a width and a height.

    Raises:
        LitePoseError: They are no two positive integers.
    """
    return checked(name, value, tuple[Positive, Positive])
