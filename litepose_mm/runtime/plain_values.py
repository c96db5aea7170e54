"""What a value of a JSON file is: checks that say yes or no, and makers of such checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Check = Callable[[Any], bool]

#: No number of a card is beyond it: it would not fit float32, or take more memory than there is.
LARGEST = 1 << 16


def is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_positive(value: Any) -> bool:
    return is_whole(value) and 0 < value <= LARGEST


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not is_bool(value) and abs(value) <= LARGEST


def is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ''


def is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def is_one_of(choices: Iterable[str]) -> Check:
    return lambda value: isinstance(value, str) and value in choices


def is_list(fits: Check, length: int | None = None) -> Check:
    """At least one entry, or ``length`` of them, and each ``fits``."""

    def check(values: Any) -> bool:
        sized = isinstance(values, (list, tuple)) and length in (None, len(values))
        return sized and len(values) > 0 and all(map(fits, values))

    return check


def is_table(fits_key: Check, fits_value: Check) -> Check:
    def check(table: Any) -> bool:
        return isinstance(table, Mapping) and all(
            fits_key(key) and fits_value(value) for key, value in table.items()
        )

    return check


def is_sha256(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch('[0-9a-f]{64}', value))


def or_null(fits: Check) -> Check:
    return lambda value: value is None or fits(value)
