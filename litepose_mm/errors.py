"""The one exception of the package that stands for bad input."""

from __future__ import annotations

from collections.abc import Sequence


class LitePoseError(ValueError):
    """Bad input, said in one line: what was expected, what came, what to do.

    Commands print the message without a traceback and exit with status 2.
    """


def reason(error: Exception) -> str:
    """One line, at most some 200 characters, on what an error of another library says."""
    text = ' '.join(str(error).split())
    text = text if len(text) <= 200 else f'{text[:200]} …'
    return f'{type(error).__name__}: {text}'


class CannotExport(LitePoseError):
    """A network, or the way its config resizes images, that an engine cannot run."""


def some(names: Sequence[str], most: int = 3, separator: str = ', ') -> str:
    """The first of many names, and how many more there are."""
    rest = f' and {len(names) - most} more' if len(names) > most else ''
    return separator.join(names[:most]) + rest
