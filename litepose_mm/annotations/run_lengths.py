"""Run lengths as COCO has them, checked: xtcocotools writes past its memory for wrong ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def run_length_fault(runs: Mapping[str, Any], size: tuple[int, int] | None = None) -> str | None:
    """What is wrong with a segmentation in run lengths; None where nothing is.

    Args:
        runs: ``size`` (height, width) and ``counts``, a list of lengths or a compressed string.
        size: Height and width of the image, where they are known.
    """
    area, counts = runs.get('size'), runs.get('counts')
    if not _are_lengths(area) or len(area) != 2:
        return f'expected the size (height, width), got {area}'
    if size and tuple(area) != tuple(size):
        return f'size {list(area)}, expected {list(size)} (height, width)'
    if isinstance(counts, (str, bytes)):
        try:
            counts = uncompress(counts)
        except ValueError as error:
            return f'compressed counts {counts[:20]!r}: {error}'
    if not _are_lengths(counts):
        return f'expected counts, whole numbers of 0 or more, got {str(counts)[:40]}'
    if sum(counts) != area[0] * area[1]:
        return f'counts sum to {sum(counts)}, expected {area[0] * area[1]}'
    return None


def uncompress(text: str | bytes) -> list[int]:
    """Counts of a compressed string.

    Each number is in groups of five bits, low ones first, a character each; from the fourth on, it
    is the difference to the one before the last.

    Raises:
        ValueError: It is no such string.
    """
    counts: list[int] = []
    value = shift = 0
    for code in np.frombuffer(text.encode() if isinstance(text, str) else text, np.uint8).tolist():
        code -= 48
        if not 0 <= code < 64:
            raise ValueError(f'no such character: {chr(code + 48)!r}')
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


def _are_lengths(values: Any) -> bool:
    return isinstance(values, (list, tuple)) and all(
        isinstance(value, int) and not isinstance(value, bool) and value >= 0 for value in values
    )
