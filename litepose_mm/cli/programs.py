"""How programs show errors."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable

from ..compat.notices import ignore_notices
from ..errors import LitePoseError

#: What the system says of disks, rights, limits and networks, whatever the program does.
_SURROUNDINGS = {
    errno.EACCES,
    errno.EADDRINUSE,
    errno.EADDRNOTAVAIL,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EHOSTUNREACH,
    errno.EIO,
    errno.EMFILE,
    errno.ENAMETOOLONG,
    errno.ENETUNREACH,
    errno.ENFILE,
    errno.ENODEV,
    errno.ENOMEM,
    errno.ENOSPC,
    errno.EPERM,
    errno.EPIPE,
    errno.EROFS,
    errno.ETIMEDOUT,
}


def one_line(error: Exception) -> str | None:
    """What a program says of an error that its surroundings made; None for a defect of its own."""
    if isinstance(error, OSError) and _is_of_surroundings(error):
        where = f'{error.filename}: ' if error.filename else ''
        return f'{where}{error.strerror or error}'
    # bytes of a file's name that are not UTF-8 become these characters
    if isinstance(error, UnicodeEncodeError) and '\udc80' <= error.object[error.start] <= '\udcff':
        return f'expected a name in UTF-8, got {error.object!r}; rename it'
    return str(error) if isinstance(error, LitePoseError) else None


def _is_of_surroundings(error: OSError) -> bool:
    # tempfile names no file where it finds no folder
    no_folder = error.errno == errno.ENOENT and error.filename is None
    return error.errno in _SURROUNDINGS or no_folder


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
