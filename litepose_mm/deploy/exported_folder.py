"""Folders with an exported model: what may be replaced, and how."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import LitePoseError
from ..inference.card import CARD_NAME
from ..utils.files import check_writable, held, in_utf8, is_part, part_of, undisturbed

# What an export writes beside the files that its card names.
_REPORTS = {
    f'{name}.{kind}' for name in ('quantization', 'report') for kind in ('json', 'md', 'png')
}


def _own_names(folder: Path) -> set[str]:
    """What an export left in a folder, by the card that it wrote: nothing else is ever removed."""
    path = folder / CARD_NAME
    if not path.is_file():
        return set()
    try:
        files = json.loads(path.read_text(encoding='utf-8')).get('files')
    except (OSError, ValueError, AttributeError):
        files = None
    return {CARD_NAME, *_REPORTS, *(files if isinstance(files, dict) else ())}


def check_replaceable(folder: str | Path) -> None:
    """Refuses a folder that holds something other than an exported model or cannot be written.

    What a killed export left in it is removed.

    Raises:
        LitePoseError: There is such a thing, or nothing can be written there.
    """
    folder = Path(folder)
    try:
        names = {path.name for path in folder.iterdir() if not is_part(path)}
    except (FileNotFoundError, NotADirectoryError) as error:
        if folder.exists():
            raise LitePoseError(f'expected a folder to write to, got the file {folder}') from error
        names = set()
    except OSError as error:
        raise LitePoseError(f'cannot write {folder}: {error.strerror}') from error
    others = sorted(names - _own_names(folder))
    if others:
        what = f'holds {others[0]}' if CARD_NAME in names else f'has no {CARD_NAME}'
        raise LitePoseError(
            f'{folder} exists and is not an exported model: it {what}; take another folder'
        )
    check_writable(folder / CARD_NAME)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yields an empty folder whose files take the place of an exported model when all went well.

    The folder itself stays, since something may be mounted on it, and so what is new is first
    written within it. What lies beside the folder that is yielded goes in the end.

    Raises:
        LitePoseError: What is there is not an exported model, or nothing can be written.
    """
    check_replaceable(folder)
    folder = Path(os.path.realpath(folder))
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    is_whole = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with in_utf8(folder) as known:
            part = known / part_of(folder / 'export').name
            part.mkdir()
            try:
                with held(part):
                    new = part / 'new'
                    new.mkdir()
                    yield new
                    with undisturbed(), held(folder, alone=True):
                        _put(new, folder)
                is_whole = True
            finally:
                shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise LitePoseError(f'cannot write {folder}: {error.strerror or error}') from error
    finally:
        if not is_whole:
            with suppress(OSError):  # another process writes there, too
                for each in made:
                    each.rmdir()


def _put(new: Path, folder: Path) -> None:
    """Moves what is new over what was there.

    The card comes first: should the process end between, the hashes in it tell that the folder is
    not whole, and a next export replaces it.
    """
    old = _own_names(folder)
    names = sorted((path.name for path in new.iterdir()), key=lambda name: name != CARD_NAME)
    for name in names:
        os.replace(new / name, folder / name)
    for name in old.difference(names):
        (folder / name).unlink(missing_ok=True)
