"""Check COCO's run lengths, because xtcocotools writes past its memory for invalid ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np


def run_length_fault(
    runs: Mapping[str, Any], shape_hw: tuple[float, float] | None = None
) -> str | None:
    """Describes what is wrong with a segmentation in run lengths; None if nothing is.

    Args:
        runs: ``size`` (height, width) and ``counts``, a list of lengths or a compressed string.
        shape_hw: Height and width of the image, if known.
    """
    area, counts = runs.get('size'), runs.get('counts')
    if not _are_lengths(area) or len(area) != 2:
        return f'expected the size (height, width), got {area}'
    if shape_hw and tuple(area) != tuple(shape_hw):
        return f'expected the size {list(shape_hw)} (height, width), got {list(area)}'
    if isinstance(counts, (str, bytes)):
        try:
            counts = uncompress(counts)
        except ValueError as error:
            return f'compressed counts {counts[:20]!r}: {error}'
    if not _are_lengths(counts):
        return f'expected counts that are whole numbers from 0, got {str(counts)[:40]}'
    if sum(counts) != area[0] * area[1]:
        return f'expected counts with the sum {area[0] * area[1]}, got {sum(counts)}'
    return None


def uncompress(text: str | bytes) -> list[int]:
    """Returns the counts in a compressed string.

    Each number is stored in groups of five bits, lowest first, one character per group. From the
    fourth number on, only the difference to the number two places before is stored.

    Raises:
        ValueError: The string is invalid.
    """
    counts: list[int] = []
    value = shift = 0
    for code in np.frombuffer(text.encode() if isinstance(text, str) else text, np.uint8).tolist():
        code -= 48
        if not 0 <= code < 64:
            raise ValueError(f'unexpected character {chr(code + 48)!r}')
        value |= (code & 31) << shift
        shift += 5
        if not code & 32:  # the last group
            if code & 16:  # negative
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value = shift = 0
    if shift:
        raise ValueError('it ends within a number')
    return counts


def _are_lengths(values: Any) -> TypeGuard[Sequence[int]]:
    return isinstance(values, (list, tuple)) and all(
        isinstance(value, int) and not isinstance(value, bool) and value >= 0 for value in values
    )
