"""Files that are whole or not there."""

from __future__ import annotations

import hashlib
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


def check_writable(path: str | Path) -> None:
    """Refuses a place where no file can be, before the work whose result it is for.

    Raises:
        LitePoseError: It is a folder, or lies in one that cannot be written.
    """
    path = Path(path)
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if path.is_dir():
        raise LitePoseError(f'cannot write {path}: it is a folder')
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise LitePoseError(f'cannot write {path}: {folder} is no folder that can be written')


def sha256(path: str | Path, what: str = 'file') -> str:
    """The SHA-256 of a file in hexadecimal digits; about 1.5 ms a megabyte.

    Args:
        path: The file.
        what: It is, for the message.

    Raises:
        LitePoseError: It cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with Path(path).open('rb') as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise LitePoseError(f'cannot read the {what} {path}: {error.strerror}') from error
    return digest.hexdigest()
