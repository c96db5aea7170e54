"""Write files and folders atomically, and check that results can be written before the work."""

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
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

# Process ids alone are not unique, because containers may share a folder.
_TOKEN = secrets.token_bytes(8)
_PART = re.compile(r'\..*\.part\d+-[0-9a-f]{8}(\.[^.]*)?', re.DOTALL)
_LONGEST_NAME = 255  # bytes, the limit of all common file systems


def part_of(path: Path) -> Path:
    """Returns the hidden temporary path, with the same suffix, at which a path is first written.

    No other process uses this name, not even on another machine that shares the folder.
    """
    name = hashlib.sha256(_TOKEN + os.fsencode(path.name)).hexdigest()[:8]
    end = f'.part{os.getpid()}-{name}{path.suffix}'
    stem = os.fsencode(path.stem)[: _LONGEST_NAME - 1 - len(os.fsencode(end))]
    # Other characters are dropped, because some libraries cannot write to such names.
    return path.with_name(f'.{stem.decode("ascii", errors="ignore")}{end}')


def is_part(path: Path) -> bool:
    """Whether the path is a temporary one of :func:`part_of`."""
    return _PART.fullmatch(path.name) is not None


@contextmanager
def held(path: Path, alone: bool = False) -> Iterator[None]:
    """Locks a file or folder to tell other processes that it is being written.

    The kernel releases the lock when the process ends, however that happens. On file systems
    without locks, temporary files that were left behind are not removed.

    Args:
        path: The file or folder being written.
        alone: Waits a moment for other processes that hold the lock, to hold it exclusively.
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
            except OSError:  # the file system has no locks
                break
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Removes the temporary files in a folder that killed processes have left behind."""
    if fcntl is None or not folder.is_dir():
        return
    for path in filter(is_part, folder.iterdir()):
        with suppress(OSError):  # it is locked, or another process removes it
            # Some network file systems only lock files that are open for writing.
            descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            finally:
                os.close(descriptor)


@contextmanager
def in_utf8(folder: Path) -> Iterator[Path]:
    """Yields a path of a folder that is valid UTF-8, since libraries fail or crash without it."""
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
    """Yields a temporary file to write, which replaces ``path`` if no error occurs.

    A symbolic link is kept, and its target is replaced. Pipes and devices are written directly.

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
        shutil.copyfile(part, target)  # the file is a mount point, as in containers


def check_writable(path: str | Path) -> None:
    """Checks that a result can be written to a path before the work starts, and leaves no trace.

    Temporary files that killed processes left beside it are removed.

    Raises:
        LitePoseError: The path is a folder, or no file can be written there.
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
        # In a folder of its own, so that processes that start together do not collide.
        with TemporaryDirectory(prefix='.trial', dir=folder) as trial:
            copy = Path(trial) / target.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(b'\0')  # a full disk still accepts empty files
        remove_leftovers(target.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _is_special(path: Path) -> bool:
    """Whether the path exists and is neither a file nor a folder, such as ``/dev/null``."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _cannot_write(path: Path, error: OSError) -> LitePoseError:
    return LitePoseError(f'cannot write {path}: {error.strerror or error}')


@contextmanager
def undisturbed() -> Iterator[None]:
    """Delays SIGINT and SIGTERM until the end of a short block that must not be interrupted."""
    if threading.current_thread() is not threading.main_thread():  # only that receives signals
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
            signal.signal(number, handler or signal.SIG_DFL)  # None: not installed from Python
    if came:
        signal.raise_signal(came[0])


def sha256(path: str | Path, what: str = 'file') -> str:
    """Returns the SHA-256 of a file as hexadecimal digits, in about 1.5 ms per megabyte.

    Args:
        path: The file.
        what: What the file is, for the error message.

    Raises:
        LitePoseError: The file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with Path(path).open('rb') as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise LitePoseError(f'cannot read the {what} {path}: {error.strerror}') from error
    return digest.hexdigest()
