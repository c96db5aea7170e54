"""Memory that a process and the workers it forks fill together."""

from __future__ import annotations

import mmap
import pickle
from typing import Any

_HEADER = 8  # length of what a slot holds


class SharedCache:
    """Slots for pickled values, shared with processes that are forked later.

    Memory is taken when a slot is filled. A copy, and what another process gets by pickling, starts
    empty. Two processes may fill a slot at once as long as they write the same value.

    Args:
        count: Number of slots.
        slot_size: Most bytes of a value; larger ones are not kept.
    """

    def __init__(self, count: int, slot_size: int) -> None:
        self.count, self.slot_size = count, slot_size
        self._memory = mmap.mmap(-1, max(count * (_HEADER + slot_size), 1))

    def __reduce__(self) -> tuple:
        return SharedCache, (self.count, self.slot_size)

    def get(self, index: int) -> Any:
        """Returns the value of a slot, None for an empty one."""
        start = index * (_HEADER + self.slot_size)
        length = int.from_bytes(self._memory[start : start + _HEADER], 'little')
        if not length:
            return None
        start += _HEADER
        return pickle.loads(self._memory[start : start + length])

    def put(self, index: int, value: Any) -> None:
        """Keeps a value."""
        data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        if len(data) > self.slot_size:
            return
        start = index * (_HEADER + self.slot_size)
        self._memory[start + _HEADER : start + _HEADER + len(data)] = data
        # The length comes last: a slot is empty until its value is whole.
        self._memory[start : start + _HEADER] = len(data).to_bytes(_HEADER, 'little')
