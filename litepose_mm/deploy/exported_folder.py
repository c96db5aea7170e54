"""Safely replace the folder of an exported model."""

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

# Files of an export that its card does not name.
_REPORTS = {
    f'{name}.{kind}' for name in ('quantization', 'report') for kind in ('json', 'md', 'png')
}


def _own_names(folder: Path) -> set[str]:
    """Return the names of an export's files by its card; no other file is ever removed."""
    path = folder / CARD_NAME
    if not path.is_file():
        return set()
    try:
        files = json.loads(path.read_text(encoding='utf-8')).get('files')
    except (OSError, ValueError, AttributeError):
        files = None
    return {CARD_NAME, *_REPORTS, *(files if isinstance(files, dict) else ())}


def check_replaceable(folder: str | Path) -> None:
    """Check that a folder is missing, empty or an exported model, and that it can be written.

    Incomplete files of a killed export are removed.

    Raises:
        LitePoseError: The folder holds something else, or cannot be written.
    """
    folder = Path(folder)
    try:
        names = {path.name for path in folder.iterdir() if not is_part(path)}
    except (FileNotFoundError, NotADirectoryError) as error:
        if folder.exists():
            raise LitePoseError(f'expected a folder to write, got the file {folder}') from error
        names = set()
    except OSError as error:
        raise LitePoseError(f'cannot write {folder}: {error.strerror}') from error
    others = sorted(names - _own_names(folder))
    if others:
        what = f'holds {others[0]}' if CARD_NAME in names else f'has no {CARD_NAME}'
        raise LitePoseError(
            f'{folder} exists and is not an exported model: it {what}; choose another folder'
        )
    check_writable(folder / CARD_NAME)


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder whose files finally replace an exported model, if no error occurs.

    The folder of the model itself remains, since it may be a mount point, so new files are first
    written inside it. Files beside the yielded folder are temporary and removed in the end.

    Raises:
        LitePoseError: The folder is not an exported model, or cannot be written.
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
            with suppress(OSError):  # another process may be writing there
                for each in made:
                    each.rmdir()


def _put(new: Path, folder: Path) -> None:
    """Move new files over old ones.

    The card comes first: if the process ends in between, the hashes in the card show that the
    folder is incomplete, and the next export replaces it.
    """
    old = _own_names(folder)
    names = sorted((path.name for path in new.iterdir()), key=lambda name: name != CARD_NAME)
    for name in names:
        os.replace(new / name, folder / name)
    for name in old.difference(names):
        (folder / name).unlink(missing_ok=True)
