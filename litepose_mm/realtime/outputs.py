"""Write frames and people to a video, or to lines of JSON."""

from __future__ import annotations

import json
import os
from errno import ENOSPC
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import LitePoseError
from ..media import VideoWriter
from ..structures import PoseResult
from .sources import Frame, Source

# Seconds for which a frame is shown at most; longer pauses of the source are skipped.
_LONGEST_PAUSE = 5.0


class VideoOutput:
    """A video of drawings that plays at the speed of the source; use it in a ``with`` statement.

    Each drawing is shown until the time of the next one. The file can be played after the ``with``
    statement, however that ends.

    Args:
        path: The file, MP4.
        source: Where the frames come from; a camera's frame rate is known after its first frame.
    """

    def __init__(self, path: str | Path, source: Source) -> None:
        self._given, self._source = path, source
        self._writer: VideoWriter | None = None
        self._skipped = self._last_time = 0.0

    def __enter__(self) -> VideoOutput:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._writer is not None:
            self._writer.close()

    @property
    def path(self) -> Path | None:
        """The file with its final suffix; None before the first frame."""
        return None if self._writer is None else self._writer.path

    def write(self, frame: Frame, drawing: np.ndarray) -> None:
        """Appends a drawing of a frame.

        Raises:
            LitePoseError: The video cannot be written.
        """
        if self._writer is None:
            self._writer = VideoWriter(self._given, self._source.fps)
            self._last_time = frame.time
        pause = frame.time - self._last_time
        if pause > _LONGEST_PAUSE:
            self._skipped += pause - 1 / self._source.fps
        self._last_time = frame.time
        self._writer.write(drawing, frame.time - self._skipped)


class JsonLinesOutput:
    """Writes a line of JSON for every frame; the file never contains an incomplete line.

    ``{"frame": 3, "time": 0.12, "width": 640, "height": 480, "people": [{"id": 0, "score": 0.8,
    "keypoints": [[x, y, score], …]}]}``; with ``id`` if people are tracked, and ``"file": "a.jpg"``
    after ``"frame"`` for images of a folder.

    Args:
        path: The file; an existing file is replaced at the first frame.
    """

    def __init__(self, path: str | Path) -> None:
        self._given = Path(path)
        self._file: FileIO | None = None
        self._size = 0

    def __enter__(self) -> JsonLinesOutput:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def path(self) -> Path | None:
        """The file; None before the first frame."""
        return None if self._file is None else self._given

    def write(self, frame: Frame, result: PoseResult) -> None:
        """Appends a line for a frame.

        Raises:
            LitePoseError: The line cannot be written.
        """
        line = json.dumps(frame_document(frame, result)).encode() + b'\n'
        try:
            if self._file is None:
                self._given.parent.mkdir(parents=True, exist_ok=True)
                # Without a buffer, readers see only whole lines, even if this process is killed.
                self._file = self._given.open('wb', buffering=0)
            if self._file.write(line) < len(line):
                self._file.truncate(self._size)
                raise OSError(ENOSPC, os.strerror(ENOSPC))
        except OSError as error:
            raise LitePoseError(f'cannot write {self._given}: {error.strerror}') from error
        self._size += len(line)


def frame_document(frame: Frame, result: PoseResult) -> dict[str, Any]:
    """Returns a frame and its people as plain values, see :class:`JsonLinesOutput`."""
    width, height = result.image_size
    people = []
    for person in result:
        points = np.column_stack([person.keypoints, person.keypoint_scores])
        own = {} if person.id is None else {'id': person.id}
        people.append(
            {**own, 'score': round(person.score, 4), 'keypoints': _rounded(points).tolist()}
        )
    return {
        'frame': frame.number,
        **({} if frame.file is None else {'file': str(frame.file)}),
        'time': round(frame.time, 4),
        'width': width,
        'height': height,
        'people': people,
    }


def _rounded(points: np.ndarray) -> np.ndarray:
    """Rounds positions to hundredths of a pixel and scores to four digits."""
    points = points.astype(np.float64)
    points[:, :2] = points[:, :2].round(2)
    points[:, 2] = points[:, 2].round(4)
    return points
