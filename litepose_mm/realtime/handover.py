"""Hand frames over between threads; the newest one replaces older ones."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Value = TypeVar('Value')


class Closed(Exception):
    """The hand-over has ended: there are no more values, or no more receivers."""


class Handover(Generic[Value]):
    """A queue for a single value between a producing and a consuming thread.

    Args:
        keep_all: Whether the producer waits until the previous value was taken, so that none is
            lost. Otherwise a new value replaces the previous one, so the consumer always gets the
            newest.

    Attributes:
        num_replaced: Number of values that were replaced before they were taken.
    """

    def __init__(self, keep_all: bool = False) -> None:
        self.num_replaced = 0
        self._keep_all = keep_all
        self._values: list[Value] = []  # one at most
        self._is_closed = False
        self._changed = threading.Condition()

    def put(self, value: Value) -> None:
        """Offers a value.

        Raises:
            Closed: The hand-over was closed.
        """
        with self._changed:
            if self._keep_all:
                self._changed.wait_for(lambda: not self._values or self._is_closed)
            if self._is_closed:
                raise Closed
            self.num_replaced += len(self._values)
            self._values[:] = [value]
            self._changed.notify_all()

    def take(self, timeout: float | None = None) -> Value:
        """Waits for a value.

        Args:
            timeout: Seconds to wait; None waits forever.

        Raises:
            Closed: The hand-over was closed, and its last value was taken before.
            TimeoutError: No value arrived in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._values or self._is_closed, timeout):
                raise TimeoutError
            if not self._values:
                raise Closed
            value = self._values.pop()
            self._changed.notify_all()
            return value

    def close(self) -> None:
        """Ends the hand-over on both sides."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
