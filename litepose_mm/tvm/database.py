"""Databases of tuned kernels: folders that tuning extends, and compact files."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import tvm
from tvm.s_tir import meta_schedule as ms

from ..errors import LitePoseError, reason
from ..utils.files import replacing
from ..utils.paths import cache_folder

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
    """Opens the database in a folder, or begins one.

    A tuning that was killed may have left half of a line, which is dropped.

    Raises:
        LitePoseError: The database is for another target or version, or is damaged.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / _HEADER
    if file.exists():
        header.check(_read_header(file.read_text(encoding='utf-8'), folder), folder)
    else:
        with replacing(file) as part:
            part.write_text(json.dumps(asdict(header)) + '\n', encoding='utf-8')
    for name in (_WORKLOADS, _RECORDS):
        _drop_unfinished_line(folder / name)
    return _load(folder, folder)


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
