"""The one exception of the package that stands for bad input, and how tools show it."""

from __future__ import annotations

import io
import os
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


def one_line(error: Exception) -> str | None:
    """What a program says of an error that its surroundings made; None for a defect of its own."""
    if isinstance(error, OSError):  # a full disk, no permission, no folder for temporary files
        where = f'{error.filename}: ' if error.filename else ''
        return f'{where}{error.strerror or error}'
    if isinstance(error, UnicodeEncodeError):
        return f'expected a name in UTF-8, got {error.object!r}; rename it'
    return str(error) if isinstance(error, LitePoseError) else None


def prepare_streams() -> None:
    """Makes standard streams that are closed, or cannot say a character of a name, do.

    The first files that are opened would else take the place of closed ones, and get what libraries
    print.
    """
    for number, name in enumerate(('stdin', 'stdout', 'stderr')):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, 'w' if number else 'r', closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors='backslashreplace')


def run_tool(main: Callable[[], int | None]) -> int:
    """Runs the ``main`` of a script; bad input becomes one line on stderr.

    Warnings about which a user can do nothing are left out.

    Returns:
        The exit status: what ``main`` returned, 0 for None; 2 for bad input.
    """
    from .compat import ignore_notices

    ignore_notices()
    prepare_streams()
    try:
        return main() or 0
    except Exception as error:
        line = one_line(error)
        if line is None:
            raise
        print(f'{os.path.basename(sys.argv[0])}: error: {line}', file=sys.stderr)
        return 2
