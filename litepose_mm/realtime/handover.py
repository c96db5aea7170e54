"""Hand-over of frames between threads: the newest wins."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Value = TypeVar('Value')


class Closed(Exception):
    """Nothing more comes, or nobody takes anything more."""


class Handover(Generic[Value]):
    """A place for one value between a thread that makes them and one that takes them.

    Args:
        keep_all: Whether a value waits until the one before is taken, so that none is lost.
            Otherwise it replaces it: what is taken is never old, and nothing is queued.

    Attributes:
        num_replaced: How many values nobody took.
    """

    def __init__(self, keep_all: bool = False) -> None:
        self.num_replaced = 0
        self._keep_all = keep_all
        self._value: Value | None = None
        self._is_full = self._is_closed = False
        self._changed = threading.Condition()

    def put(self, value: Value) -> None:
        """Offers a value.

        Raises:
            Closed: Nobody takes anything more.
        """
        with self._changed:
            if self._keep_all:
                self._changed.wait_for(lambda: not self._is_full or self._is_closed)
            if self._is_closed:
                raise Closed
            self.num_replaced += self._is_full
            self._value, self._is_full = value, True
            self._changed.notify_all()

    def take(self, timeout: float | None = None) -> Value:
        """Waits for a value.

        Args:
            timeout: Seconds to wait; None waits for as long as it takes.

        Raises:
            Closed: Nothing more comes. A value that is there is given first.
            TimeoutError: None came in that time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_full or self._is_closed, timeout):
                raise TimeoutError
            if not self._is_full:
                raise Closed
            value, self._value, self._is_full = self._value, None, False
            self._changed.notify_all()
            return value

    def close(self) -> None:
        """Ends the hand-over, for both sides."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
