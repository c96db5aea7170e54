"""The exceptions of the package, all of which stand for bad input."""

from __future__ import annotations

from collections.abc import Sequence


class LitePoseError(ValueError):
    """Bad input, described in one line: what was expected, what was found and what to do.

    Commands print the message without a traceback and exit with status 2.
    """


def reason(error: Exception) -> str:
    """Describes an error in one line, one of another library in about 200 characters at most."""
    if isinstance(error, LitePoseError):
        return str(error)
    text = ' '.join(str(error).split())
    text = text if len(text) <= 200 else f'{text[:200]} …'
    return f'{type(error).__name__}: {text}'


class CannotExport(LitePoseError):
    """An engine cannot run a network, or the way in which its config resizes images."""


def some(names: Sequence[str], most: int = 3, separator: str = ', ') -> str:
    """Joins the first of many names and states how many more there are."""
    rest = f' and {len(names) - most} more' if len(names) > most else ''
    return separator.join(names[:most]) + rest
