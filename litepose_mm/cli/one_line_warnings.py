"""Print warnings for users of a command."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_line_warnings() -> Iterator[None]:
    """Prints this package's warnings in one line each, and hides those of libraries."""
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore')
        warnings.filterwarnings('always', module='litepose_mm')
        warnings.showwarning = _show
        yield


def _show(message, category, filename, lineno, file=None, line=None) -> None:
    print(f'litepose: warning: {message}', file=sys.stderr)
