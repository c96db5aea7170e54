"""The one exception of the package that stands for bad input, and how tools show it."""

from __future__ import annotations

import os.path
import sys
from collections.abc import Callable, Sequence


class LitePoseError(ValueError):
    """Bad input, said in one line: what was expected, what came, what to do.

    Commands print the message without a traceback and exit with status 2.
    """


def reason(error: Exception) -> str:
    """One line, at most some 200 characters, on what an error of another library says."""
    text = ' '.join(str(error).split())
    text = text if len(text) <= 200 else f'{text[:200]} …'
    return f'{type(error).__name__}: {text}'


def some(names: Sequence[str], most: int = 3, separator: str = ', ') -> str:
    """The first of many names, and how many more there are."""
    rest = f' and {len(names) - most} more' if len(names) > most else ''
    return separator.join(names[:most]) + rest


def run_tool(main: Callable[[], int | None]) -> int:
    """Runs the ``main`` of a script; bad input becomes one line on stderr.

    Warnings about which a user can do nothing are left out.

    Returns:
        The exit status: what ``main`` returned, 0 for None; 2 for bad input.
    """
    from .compat import ignore_notices

    ignore_notices()
    try:
        return main() or 0
    except LitePoseError as error:
        print(f'{os.path.basename(sys.argv[0])}: error: {error}', file=sys.stderr)
        return 2
