"""Files that are whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import LitePoseError


def part_of(path: Path) -> Path:
    """Where a file is written until it is whole: beside it, with its suffix, hidden."""
    return path.with_name(f'.{path.stem}.part{os.getpid()}{path.suffix}')


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a file to write beside ``path``, which becomes ``path`` when all went well.

    Raises:
        LitePoseError: The file cannot be written.
    """
    part = part_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        os.replace(part, path)
    except OSError as error:
        raise LitePoseError(f'cannot write {path}: {error.strerror}') from error
    finally:
        with suppress(OSError):  # mostly it is not there any more
            part.unlink()
