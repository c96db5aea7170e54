"""A cache that a process shares with the workers it forks."""

from __future__ import annotations

import mmap
import pickle
from typing import Any

_HEADER = 8  # bytes that hold the length of a slot's content


class SharedCache:
    """Slots for pickled values, shared with processes that are forked later.

    Memory is used only once a slot is filled. A copy or a pickled cache starts empty. Two processes
    may fill the same slot at once as long as they write the same value.

    Args:
        count: Number of slots.
        slot_size: Largest size of a value in bytes; larger values are not kept.
    """

    def __init__(self, count: int, slot_size: int) -> None:
        self.count, self.slot_size = count, slot_size
        self._memory = mmap.mmap(-1, max(count * (_HEADER + slot_size), 1))

    def __reduce__(self) -> tuple:
        return SharedCache, (self.count, self.slot_size)

    def get(self, index: int) -> Any:
        """Return the value of a slot, or None if it is empty."""
        start = index * (_HEADER + self.slot_size)
        length = int.from_bytes(self._memory[start : start + _HEADER], 'little')
        if not length:
            return None
        start += _HEADER
        return pickle.loads(self._memory[start : start + length])

    def put(self, index: int, value: Any) -> None:
        """Store a value in a slot."""
        data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        if len(data) > self.slot_size:
            return
        start = index * (_HEADER + self.slot_size)
        self._memory[start + _HEADER : start + _HEADER + len(data)] = data
        # The length comes last: a slot is empty until its value is whole.
        self._memory[start : start + _HEADER] = len(data).to_bytes(_HEADER, 'little')
