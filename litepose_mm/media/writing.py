"""Writing pictures, videos and JSON: a file is whole or not there."""

from __future__ import annotations

import json
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..errors import LitePoseError
from ..files import replacing

_CODECS = (('.mp4', 'mp4v'), ('.avi', 'MJPG'))  # the second is in every build of OpenCV
_WHOLE = 0.9  # containers count frames roughly


def write_image(path: str | Path, image: np.ndarray) -> None:
    """Writes a picture in the format of the suffix; makes the folder; never leaves half a file.

    Raises:
        LitePoseError: The format is not known or cannot hold the picture, or the file cannot be
            written.
    """
    path = Path(path)
    try:
        ok, data = cv2.imencode(path.suffix, image)
    except cv2.error as error:
        raise LitePoseError(
            f'cannot write {path}: OpenCV does not write this: {error.err}'
        ) from error
    if not ok:
        raise LitePoseError(f'cannot write {path}: the format cannot hold a picture {image.shape}')
    with replacing(path) as part:
        part.write_bytes(data.tobytes())


def write_json(path: str | Path, document: Any) -> None:
    """Writes a JSON file; makes the folder; never leaves half a file.

    Raises:
        LitePoseError: The document is not plain values, or the file cannot be written.
    """
    try:
        text = json.dumps(document, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LitePoseError(f'cannot write {path}: {error}') from error
    with replacing(Path(path)) as part:
        part.write_text(text + '\n', encoding='utf-8')


def video_paths(path: str | Path) -> list[Path]:
    """The files that a :class:`VideoWriter` of this path may write."""
    return [Path(path).with_suffix(suffix) for suffix, _ in _CODECS]


class _NoCodec(Exception):
    """This OpenCV does not write such a video."""


class VideoWriter:
    """Writes a video whose size is that of its first frame; use it in a ``with`` statement.

    The file appears when the writer is closed, also when an exception ends the ``with``; it then
    holds the frames so far. Without frames there is no file.

    Args:
        path: The file. It becomes MP4, or AVI where this OpenCV cannot write MP4.
        fps: Frames a second.

    Attributes:
        path: The file with the suffix that it gets.
        num_frames: Frames written so far.
        message: One line on what was done differently, or None.
    """

    def __init__(self, path: str | Path, fps: float) -> None:
        self.path = video_paths(path)[0]
        self.fps = fps
        self.num_frames = 0
        self.message: str | None = None
        self._writer: cv2.VideoWriter | None = None
        self._replacing = ExitStack()  # entered while frames are written
        self._size = (0, 0)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def write(self, image: np.ndarray) -> None:
        """Appends a frame, BGR (H, W, 3) uint8.

        Raises:
            LitePoseError: No codec works, or the frame's size is not that of the first.
        """
        size = (image.shape[1], image.shape[0])
        if self._writer is None:
            self._open(size)
        if size != self._size:
            raise LitePoseError(
                f'{self.path}: expected frames of (width, height) {self._size}, got {size}'
            )
        self._writer.write(image)
        self.num_frames += 1

    def close(self) -> None:
        """Finishes the file and moves it into place; may be called again.

        Raises:
            LitePoseError: The file is cut short, or cannot be moved into place.
        """
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        with self._replacing:
            self._check()

    def _check(self) -> None:
        """OpenCV does not tell when the disk is full."""
        capture = cv2.VideoCapture(str(self._part))
        frames = capture.get(cv2.CAP_PROP_FRAME_COUNT) if capture.isOpened() else 0
        capture.release()
        if frames < _WHOLE * self.num_frames:
            raise LitePoseError(
                f'cannot write {self.path}: {max(frames, 0):.0f} of {self.num_frames} frames can '
                'be read again; is the disk full?'
            )

    def _open(self, size: tuple[int, int]) -> None:
        for suffix, codec in _CODECS:
            self.path = self.path.with_suffix(suffix)
            with suppress(_NoCodec), ExitStack() as stack:
                self._part = stack.enter_context(replacing(self.path))
                writer = cv2.VideoWriter(
                    str(self._part), cv2.VideoWriter_fourcc(*codec), self.fps, size
                )
                if not writer.isOpened():
                    raise _NoCodec
                self._writer, self._size, self._replacing = writer, size, stack.pop_all()
                if suffix != _CODECS[0][0]:
                    self.message = f'OpenCV cannot write this video as MP4; wrote {self.path}'
                return
        raise LitePoseError(
            f'cannot write the video {self.path}: OpenCV has no codec for {size[0]}x{size[1]} '
            'here; draw pictures instead'
        )
