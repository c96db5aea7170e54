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
    """Local files, written beside their place, synced to the disk and then moved into it."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self._postponed: list[str] | None = None

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Writes a file; whoever looks meanwhile sees the old one, or none.

        Raises:
            LitePoseError: It cannot be written; an old one is unchanged.
        """
        with replacing(Path(filepath)) as part, open(part, 'wb') as file:
            file.write(obj)
            file.flush()
            os.fsync(file.fileno())

    def remove(self, filepath: str | Path) -> None:
        """Removes a file, or within :meth:`removals_last` remembers to do so."""
        if self._postponed is None:
            super().remove(filepath)
        else:
            self._postponed.append(str(filepath))

    @contextmanager
    def removals_last(self, keep: Callable[[], set[str]]) -> Iterator[None]:
        """Within this block files are removed at its end only, when their successors are written.

        Args:
            keep: Tells at the end which files must stay.
        """
        if self._postponed is not None:  # the outermost block does it
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
    """Reads a local checkpoint as data only, to the last byte.

    Raises:
        LitePoseError: It is missing, truncated, damaged or holds more than data.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged:
            raise LitePoseError(f'weights {path}: broken, its part {damaged} is damaged')
    read_weights(path)
