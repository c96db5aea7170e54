"""Files and folders that are whole or not there, and targets that are tried before the work."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import signal
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EBUSY, EXDEV
from pathlib import Path
from tempfile import TemporaryDirectory

from ..errors import LitePoseError

try:
    import fcntl
except ImportError:  # Windows, where nobody can tell whose a part is
    fcntl = None

# Process numbers alone are the same in many containers, which may share a folder.
_TOKEN = secrets.token_bytes(8)
_PART = re.compile(r'\..*\.part\d+-[0-9a-f]{8}(\.[^.]*)?', re.DOTALL)
_LONGEST_NAME = 255  # bytes, of every common file system


def part_of(path: Path) -> Path:
    """Where a file or folder is written until it is whole: beside it, with its suffix, hidden.

    No other process has this name, not even one of another machine that shares the folder.
    """
    name = hashlib.sha256(_TOKEN + os.fsencode(path.name)).hexdigest()[:8]
    end = f'.part{os.getpid()}-{name}{path.suffix}'
    stem = os.fsencode(path.stem)[: _LONGEST_NAME - 1 - len(os.fsencode(end))]
    # Other letters are left out: some libraries that write to this name cannot take them.
    return path.with_name(f'.{stem.decode("ascii", errors="ignore")}{end}')


def is_part(path: Path) -> bool:
    """Whether the name is one that :func:`part_of` gives."""
    return _PART.fullmatch(path.name) is not None


@contextmanager
def held(path: Path, alone: bool = False) -> Iterator[None]:
    """Tells other processes that a file or folder is being written, until this one is gone.

    The lock is the kernel's, so it ends with the process however that ends. Where a file system has
    no locks nobody can tell, and parts that were left behind stay.

    Args:
        path: What is written.
        alone: Waits a moment for other processes that hold it, for steps that take no longer.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        for _ in range(100 if alone else 1):
            try:
                fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:  # there are no locks
                break
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Removes parts in a folder that a process which was killed has left behind."""
    if fcntl is None or not folder.is_dir():
        return
    for path in filter(is_part, folder.iterdir()):
        with suppress(OSError):  # it is held, or somebody else removes it
            # Some file systems of networks lock only what is open for writing.
            descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            finally:
                os.close(descriptor)


@contextmanager
def in_utf8(folder: Path) -> Iterator[Path]:
    """Yields a name of a folder that is UTF-8; libraries fail or crash with other ones."""
    try:
        str(folder).encode()
        descriptor = None
    except UnicodeEncodeError:
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield folder if descriptor is None else Path(f'/proc/self/fd/{descriptor}')
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a file to write beside ``path``, which becomes ``path`` when all went well.

    A symbolic link stays, and the file that it names is replaced. A pipe or device is written to
    itself.

    Raises:
        LitePoseError: The file cannot be written.
    """
    try:
        if _is_special(path):
            yield path
            return
        target = Path(os.path.realpath(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        with in_utf8(target.parent) as folder:
            part = folder / part_of(target).name
            part.touch()
            try:
                with held(part):
                    yield part
                    _move(part, target)
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _move(part: Path, target: Path) -> None:
    try:
        os.replace(part, target)
    except OSError as error:
        if error.errno not in (EBUSY, EXDEV):
            raise
        shutil.copyfile(part, target)  # something is mounted there, as containers do with files


def check_writable(path: str | Path) -> None:
    """Tries to write to a place before the work whose result it is for, and leaves nothing there.

    Parts that a killed process left beside it are removed.

    Raises:
        LitePoseError: It is a folder, or no file can be written there.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise LitePoseError(f'cannot write {path}: it is a folder')
        if _is_special(path):
            return
        target = Path(os.path.realpath(path))
        folder = next(parent for parent in target.parents if os.path.lexists(parent))
        if not folder.is_dir():
            raise LitePoseError(f'cannot write {path}: {folder} is not a folder')
        # Elsewhere in that folder, so that processes that start together do not meet.
        with TemporaryDirectory(prefix='.trial', dir=folder) as trial:
            copy = Path(trial) / target.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(b'\0')  # a full disk takes empty files
        remove_leftovers(target.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _is_special(path: Path) -> bool:
    """Whether it is there and neither a file nor a folder, such as ``/dev/null``."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _cannot_write(path: Path, error: OSError) -> LitePoseError:
    return LitePoseError(f'cannot write {path}: {error.strerror or error}')


@contextmanager
def undisturbed() -> Iterator[None]:
    """Lets SIGINT and SIGTERM wait until the end of the block, which takes no longer than moments.

    For steps that must all be done or lose something.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone hears them
        yield
        return
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, frame: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)  # None: it is not Python's
    if came:
        signal.raise_signal(came[0])


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
