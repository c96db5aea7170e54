"""Databases of tuned kernels: folders that tuning extends, and compact files."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import tvm
from tvm.s_tir import meta_schedule as ms

from ..errors import LitePoseError, reason
from ..utils.files import replacing
from ..utils.paths import cache_folder

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_WORKLOADS, _RECORDS = 'database_workload.json', 'database_tuning_record.json'
_HEADER = 'target.json'


@dataclass(frozen=True)
class Header:
    """What the kernels of a database were tuned for.

    Args:
        target: Name of the device.
        tvm: Version of TVM, whose schedules other versions may not understand.
    """

    target: str
    tvm: str = tvm.__version__

    def check(self, found: Header, where: Path) -> None:
        """Raises :class:`LitePoseError` if the database is for another target or version."""
        if found != self:
            raise LitePoseError(
                f'{where}: expected kernels for {self.target} of TVM {self.tvm}, got kernels for '
                f'{found.target} of TVM {found.tvm}; choose another database'
            )


def default_folder(target: str) -> Path:
    """Returns the folder of the user's kernels for a target, which all networks share."""
    return cache_folder() / 'tvm' / target


def has_database(folder: Path) -> bool:
    """Returns whether a folder has a database."""
    return (folder / _HEADER).is_file()


def open_database(folder: str | Path, header: Header) -> ms.Database:
    """Opens the database in a folder to extend it, or begins one.

    It belongs to this process until its end, and is opened once: two writers would number their
    kernels alike. A tuning that was killed may have left half of a line, which is dropped.

    Raises:
        LitePoseError: The database is for another target or version, or is damaged; another process
            extends it; the folder contains something else, or cannot be written.
    """
    folder = Path(folder).resolve()
    file = folder / _HEADER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            if any(folder.iterdir()):
                raise LitePoseError(
                    f'{folder}: expected tuned kernels or an empty folder, got other files; choose '
                    'another folder'
                )
            with replacing(file) as part:
                part.write_text(json.dumps(asdict(header)) + '\n', encoding='utf-8')
    except OSError as error:
        raise LitePoseError(f'{folder}: expected a folder to write to: {error.strerror}') from error
    header.check(_read_header(file.read_text(encoding='utf-8'), folder), folder)
    if folder not in _opened:
        lock = _lock(file)
        for name in (_WORKLOADS, _RECORDS):
            _drop_unfinished_line(folder / name)
        _opened[folder] = _load(folder, folder), lock
    return _opened[folder][0]


# The databases that this process extends, and the files that lock them.
_opened: dict[Path, tuple[ms.Database, IO[str]]] = {}


def _lock(file: Path) -> IO[str]:
    opened = file.open(encoding='utf-8')
    if fcntl is not None:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LitePoseError(
                f'{file.parent}: another process is tuning into this folder; wait for its end, or '
                'choose another folder'
            ) from None
        except OSError:  # the file system has no locks
            pass
    return opened


def read_database(folder: str | Path, header: Header) -> ms.Database:
    """Reads the database in a folder, which another process may be extending.

    Raises:
        LitePoseError: The database is for another target or version, or is damaged.
    """
    folder = Path(folder)
    header.check(_read_header((folder / _HEADER).read_text(encoding='utf-8'), folder), folder)
    with TemporaryDirectory() as scratch:
        for name in (_RECORDS, _WORKLOADS):  # records refer to workloads, which are written first
            if (folder / name).exists():
                shutil.copyfile(folder / name, Path(scratch) / name)
                _drop_unfinished_line(Path(scratch) / name)
        return _load(Path(scratch), folder)


def check_written(database: ms.Database) -> None:
    """Checks that all records are in the file, since TVM ignores failures.

    Raises:
        LitePoseError: Some are not.
    """
    file = getattr(database, 'path_tuning_record', None)
    if file is not None and Path(file).read_bytes().count(b'\n') < len(database):
        raise LitePoseError(
            f'{file}: a result could not be written; free space on the disk, and start again'
        )


def load_compact(file: str | Path, header: Header, into: ms.Database) -> None:
    """Adds the records of a file that :func:`save_compact` wrote to a database.

    Raises:
        LitePoseError: The database is for another target or version, or is damaged.
    """
    file = Path(file)
    with TemporaryDirectory() as scratch:
        try:
            with zipfile.ZipFile(file) as archive:
                header.check(_read_header(archive.read(_HEADER).decode(), file), file)
                for name in (_WORKLOADS, _RECORDS):
                    (Path(scratch) / name).write_bytes(archive.read(name))
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise LitePoseError(f'{file}: expected tuned kernels, got {reason(error)}') from error
        _load(Path(scratch), file).dump_pruned(into)


def save_compact(database: ms.Database, header: Header, file: str | Path) -> None:
    """Writes the best record of each kernel to a compressed file; equal databases, equal files."""
    with TemporaryDirectory() as scratch, replacing(Path(file)) as part:
        database.dump_pruned(ms.database.JSONDatabase(work_dir=scratch))
        workloads, records = (
            (Path(scratch) / name).read_text(encoding='utf-8').splitlines()
            for name in (_WORKLOADS, _RECORDS)
        )
        # TVM's order differs from process to process.
        order = sorted(range(len(workloads)), key=lambda index: workloads[index])
        place = {before: after for after, before in enumerate(order)}
        pairs = sorted((place[index], rest) for index, rest in map(json.loads, records))
        texts = {
            _HEADER: json.dumps(asdict(header)),
            _WORKLOADS: '\n'.join(workloads[index] for index in order) + '\n',
            _RECORDS: ''.join(json.dumps(pair) + '\n' for pair in pairs),
        }
        with zipfile.ZipFile(part, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, text in texts.items():
                info = zipfile.ZipInfo(name)  # without a date
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, text)


def seconds(record: ms.database.TuningRecord) -> float:
    """Returns the measured time of a kernel; infinity for one that failed."""
    found = [float(each) for each in record.run_secs or ()]
    return sum(found) / len(found) if found else float('inf')


def _load(folder: Path, named: Path) -> ms.Database:
    try:
        return ms.database.JSONDatabase(work_dir=str(folder))
    except Exception as error:  # TVM raises its own error for text that is no record
        raise LitePoseError(
            f'{named}: expected tuned kernels, but they cannot be read: {reason(error)}'
        ) from error


def _read_header(text: str, where: Path) -> Header:
    try:
        return Header(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise LitePoseError(
            f'{where}: expected the target and the version of TVM in {_HEADER}, got {text[:80]!r}'
        ) from error


def _drop_unfinished_line(file: Path) -> None:
    if not file.exists():
        return
    text = file.read_bytes()
    end = text.rfind(b'\n') + 1
    if end != len(text):
        with replacing(file) as part:
            part.write_bytes(text[:end])
