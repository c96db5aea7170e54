"""Folders with an exported model that are whole or not there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import LitePoseError
from ..runtime.card import CARD_NAME
from .backends.tensorrt import COMMAND_NAME

_MARKS = {CARD_NAME, COMMAND_NAME}
# All that an export leaves: nothing else is ever removed.
_NAMES = _MARKS | {
    'model.onnx',
    'model.xml',
    'model.bin',
    'model.ncnn.param',
    'model.ncnn.bin',
    'quantization.json',
    'quantization.png',
    'report.json',
    'report.md',
    'report.png',
}


def check_replaceable(folder: str | Path) -> None:
    """Refuses a path where something other than an exported model is, and the current folder.

    Raises:
        LitePoseError: There is such a thing, or nobody can look there.
    """
    try:
        _check_replaceable(Path(folder))
    except OSError as error:
        raise LitePoseError(f'cannot write {folder}: {error.strerror}') from error


def _check_replaceable(folder: Path) -> None:
    if folder.resolve() == Path.cwd():
        raise LitePoseError(
            f'{folder} is the current folder, and an export replaces its folder as a whole; name '
            'one inside it'
        )
    if not folder.exists():
        return
    if not folder.is_dir():
        raise LitePoseError(f'expected a folder to write to, got the file {folder}; take another')
    names = {path.name for path in folder.iterdir()}
    others = sorted(names - _NAMES)
    if others or (names and not names & _MARKS):
        what = f'holds {others[0]}' if others else f'has no {CARD_NAME}'
        raise LitePoseError(
            f'{folder} exists and is no exported model: it {what}; take another folder'
        )


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yields a new folder beside ``folder``, which takes its place when all went well.

    Raises:
        LitePoseError: What is there is no exported model, or nothing can be written.
    """
    check_replaceable(folder)
    folder = folder.resolve()
    part, old = (folder.with_name(f'.{folder.name}.{what}{os.getpid()}') for what in ('new', 'old'))
    try:
        part.mkdir(parents=True)
        yield part
        if folder.exists():
            folder.rename(old)
        try:
            part.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    except OSError as error:
        raise LitePoseError(f'cannot write {folder}: {error.strerror}') from error
    finally:
        for path in (part, old):
            shutil.rmtree(path, ignore_errors=True)
