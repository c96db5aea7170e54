"""A file backend for MMEngine with atomic writes."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from ...checkpoints import read_weights
from ...errors import LitePoseError
from ...utils.files import replacing


@register_backend('atomic_file', force=True)  # force: a module may be imported again
class AtomicFileBackend(LocalBackend):
    """Writes a local file under another name, syncs it to the disk and then renames it."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self._postponed: list[str] | None = None

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write a file; until it is complete, readers see the old file or none.

        Raises:
            LitePoseError: The file cannot be written; an old one is unchanged.
        """
        with replacing(Path(filepath)) as part, open(part, 'wb') as file:
            file.write(obj)
            file.flush()
            os.fsync(file.fileno())

    def remove(self, filepath: str | Path) -> None:
        """Remove a file, at the end of the block if within :meth:`removals_last`."""
        if self._postponed is None:
            super().remove(filepath)
        else:
            self._postponed.append(str(filepath))

    @contextmanager
    def removals_last(self, keep: Callable[[], set[str]]) -> Iterator[None]:
        """Postpone removals to the end of the block, when new files have been written.

        Args:
            keep: Called at the end; returns the paths that must not be removed.
        """
        if self._postponed is not None:  # the outermost block removes the files
            yield
            return
        self._postponed = []
        try:
            yield
            paths, self._postponed = self._postponed, None
            kept = keep()
            for path in paths:
                if path not in kept and self.isfile(path):
                    self.remove(path)
        finally:
            self._postponed = None


def check_checkpoint(path: str | Path) -> None:
    """Read a whole local checkpoint as data only.

    Raises:
        LitePoseError: The file is missing, truncated or damaged, or holds more than data.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged:
            raise LitePoseError(
                f'weights {path}: the file is broken, its part {damaged} is damaged'
            )
    read_weights(path)
