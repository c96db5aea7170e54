"""Error handling of commands and tools."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable

from ..compat.notices import ignore_notices
from ..errors import LitePoseError

#: Errors of disks, permissions, limits and networks, which are not bugs of the program.
_ENVIRONMENT = {
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
    """Describes an error of the input or the environment; returns None for a bug."""
    if isinstance(error, OSError) and _is_environmental(error):
        where = f'{error.filename}: ' if error.filename else ''
        return f'{where}{error.strerror or error}'
    # Bytes of a file name that are not UTF-8 become these characters.
    if isinstance(error, UnicodeEncodeError) and '\udc80' <= error.object[error.start] <= '\udcff':
        return f'expected a name in UTF-8, got {error.object!r}; rename it'
    return str(error) if isinstance(error, LitePoseError) else None


def _is_environmental(error: OSError) -> bool:
    # If tempfile finds no folder, its error names no file.
    no_folder = error.errno == errno.ENOENT and error.filename is None
    return error.errno in _ENVIRONMENT or no_folder


def prepare_streams() -> None:
    """Replaces closed standard streams, and makes them print any character.

    Otherwise, the first opened files would take the place of closed streams, and libraries would
    print into them.
    """
    for number, name in enumerate(('stdin', 'stdout', 'stderr')):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, 'w' if number else 'r', closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors='backslashreplace')


def stop_status(stop: KeyboardInterrupt | SystemExit) -> int:
    """Returns the exit status of a command that Ctrl-C or SIGTERM has stopped."""
    return stop.code if isinstance(stop, SystemExit) and isinstance(stop.code, int) else 130


def run_tool(main: Callable[[], int | None]) -> int:
    """Runs the ``main`` of a script; bad input is reported in one line on stderr.

    Warnings that users cannot act on are hidden.

    Returns:
        The exit status: the result of ``main``, 0 for None, or 2 for bad input.
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
