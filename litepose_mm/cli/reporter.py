"""Show progress, and a line for each input that fails."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..media import MediaFile

_MAX_FAILURE_LINES = 10


class Reporter:
    """A progress bar and messages on standard error; use it in a ``with`` statement.

    Without a terminal, there is no bar.

    Args:
        total: Approximate number of images and frames; 0 if unknown.
    """

    def __init__(self, total: int) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task('predicting', total=total or None)
        self._failed: dict[MediaFile, None] = {}

    @property
    def num_failed(self) -> int:
        """Number of files that failed."""
        return len(self._failed)

    def __enter__(self) -> Reporter:
        self._progress.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.stop()
        if self.num_failed > _MAX_FAILURE_LINES:
            self._say(f'… and {self.num_failed - _MAX_FAILURE_LINES} more failed')

    def advance(self, count: int = 1) -> None:
        """Records that this many images or frames are done."""
        self._progress.advance(self._task, count)

    def fail(self, file: MediaFile, error: Exception) -> None:
        """Records that a file failed, and prints why unless many have failed already."""
        self._failed[file] = None
        if self.num_failed <= _MAX_FAILURE_LINES:
            message = str(error)
            where = '' if str(file.path) in message else f'{file.path}: '
            self._say(f'failed: {where}{message}')

    def note(self, message: str) -> None:
        """Prints a message that is not about a failure."""
        self._say(f'note: {message}')

    def _say(self, message: str) -> None:
        line = ' '.join(f'litepose: {message}'.split())
        self._console.print(line, markup=False)
