"""Warnings as a user of a command sees them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_line_warnings() -> Iterator[None]:
    """Says our own warnings in a line each, and those of libraries not at all."""
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore')
        warnings.filterwarnings('always', module='litepose_mm')
        warnings.showwarning = _show
        yield


def _show(message, category, filename, lineno, file=None, line=None) -> None:
    print(f'litepose: warning: {message}', file=sys.stderr)
