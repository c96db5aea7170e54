"""Where frames come from: cameras, streams, video files and folders of pictures."""

from __future__ import annotations

import math
import os
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from ..errors import LitePoseError
from ..media import VideoReader, find_media
from ..picture_estimator import checked_image

#: Seconds between attempts to open a source again; the last one repeats.
BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0)
_FALLBACK_FPS = 25.0
_STREAM_TIMEOUT = 10_000  # milliseconds, of ffmpeg
_MOST_FRAMES = 10**9  # what ffmpeg tells of a stream without end is far more, or negative
_WHOLE = 0.9  # containers count frames roughly
_WAKING_SECONDS = 2.0  # what a camera may take until its first frame

#: Called with a line about the source, e.g. that it is tried again.
Tell = Callable[[str], None]


class Frame(NamedTuple):
    """A picture of a source.

    Attributes:
        image: BGR uint8 ``(H, W, 3)``.
        number: Counted from 0.
        time: Seconds: of a file by its frame rate, of a camera since its first frame.
        file: The picture's file, of a folder.
    """

    image: np.ndarray
    number: int
    time: float
    file: Path | None = None


class Source(ABC):
    """A sequence of frames that another thread may stop.

    Attributes:
        name: For people.
        is_live: Whether frames come by themselves, so that late ones are lost.
        fps: Frames a second, of a camera known with its first frame; an assumption where nobody
            tells.
        files: What it reads, so that nobody writes there.
        num_failed: Pictures left out because they cannot be read.
    """

    name: str
    is_live: bool
    fps: float = _FALLBACK_FPS
    files: Sequence[Path] = ()
    num_failed: int = 0

    def __init__(self) -> None:
        self._stopped = threading.Event()

    @abstractmethod
    def frames(self) -> Iterator[Frame]:
        """The frames, once.

        Raises:
            LitePoseError: There are none, or the source is broken.
        """

    def stop(self) -> None:
        """Ends the frames soon."""
        self._stopped.set()


class CaptureSource(Source):
    """A camera or a stream, opened again whenever it fails.

    The first time it has to work. Later it may be unplugged, stall or send empty frames: it is
    tried again, after longer and longer pauses, for as long as it takes. A video that lies at an
    address comes once, at its own speed.

    Args:
        target: Number of a camera, or address of a stream.
        tell: Gets a line when the source fails and when it is back.
        open_capture: Makes an object like OpenCV's ``VideoCapture``.
        back_off: Seconds between attempts; the last one repeats.
    """

    is_live = True

    def __init__(
        self,
        target: int | str,
        tell: Tell = print,
        open_capture: Callable[[int | str], Any] | None = None,
        back_off: tuple[float, ...] = BACK_OFF,
    ) -> None:
        super().__init__()
        self.target, self.tell, self.back_off = target, tell, back_off
        self.name = f'camera {target}' if isinstance(target, int) else str(target)
        self._open_capture = open_capture or _open_capture

    def frames(self) -> Iterator[Frame]:
        capture = self._open_capture(self.target)
        start = time.monotonic()
        number = failures = 0
        try:
            while not self._stopped.is_set():
                ok, image = capture.read() if capture.isOpened() else (False, None)
                if ok and image is not None and image.size:
                    if number == 0:
                        self.fps = _rate(capture.get(cv2.CAP_PROP_FPS))
                    if failures:
                        self.tell(f'{self.name} is back')
                        failures = 0
                    yield Frame(image, number, time.monotonic() - start)
                    number += 1
                    if self._num_frames_of(capture):
                        due = start + number / self.fps
                        self._stopped.wait(max(0.0, due - time.monotonic()))
                    continue
                if number == 0:
                    is_camera = isinstance(self.target, int) and capture.isOpened()
                    if is_camera and time.monotonic() - start < _WAKING_SECONDS:
                        self._stopped.wait(0.05)
                        continue
                    raise LitePoseError(_no_frames(self.target, capture.isOpened()))
                whole = self._num_frames_of(capture)
                if whole:  # opened again, it would begin from the beginning
                    if number < _WHOLE * whole:
                        self.num_failed += 1
                        self.tell(f'{self.name} breaks off after {number} of {whole:.0f} frames')
                    return
                pause = self.back_off[min(failures, len(self.back_off) - 1)]
                if failures == 0:
                    self.tell(f'{self.name} gives no frames; trying again until it does')
                failures += 1
                capture.release()
                if not self._stopped.wait(pause):
                    capture = self._open_capture(self.target)
        finally:
            capture.release()

    def _num_frames_of(self, capture: Any) -> float:
        """About how many frames a video at an address has; 0 where frames go on and on."""
        count = 0 if isinstance(self.target, int) else capture.get(cv2.CAP_PROP_FRAME_COUNT)
        return count if 0 < count < _MOST_FRAMES else 0


class FileSource(Source):
    """A video file.

    Args:
        path: The file.
        paced: Whether frames come at the file's rate, as from a camera, instead of at once.
    """

    def __init__(self, path: str | Path, paced: bool = False) -> None:
        super().__init__()
        self._reader = VideoReader(path)
        self.name, self.is_live, self.fps = str(path), paced, self._reader.fps
        self.files = [Path(path)]

    def frames(self) -> Iterator[Frame]:
        start = time.monotonic()
        for number, image in enumerate(self._reader):
            moment = number / self.fps
            if self.is_live:
                self._stopped.wait(max(0.0, start + moment - time.monotonic()))
            if self._stopped.is_set():
                return
            yield Frame(image, number, moment)


class FolderSource(Source):
    """The pictures of a folder, or one picture, in the order of their names, one a second.

    Args:
        folder: The folder, or the picture.
        tell: Gets a line for each picture that cannot be read; it is left out.
    """

    is_live, fps = False, 1.0

    def __init__(self, folder: str | Path, tell: Tell = print) -> None:
        super().__init__()
        self.name, self.tell = str(folder), tell
        self.files = [file.path for file in find_media([str(folder)]) if not file.is_video]
        if not self.files:
            raise LitePoseError(f'expected pictures in {folder}, got videos only; give one of them')

    def frames(self) -> Iterator[Frame]:
        for number, path in enumerate(self.files):
            if self._stopped.is_set():
                return
            try:
                image = checked_image(path)
            except LitePoseError as error:
                self.num_failed += 1
                self.tell(f'left out: {error}' if str(path) in str(error) else f'{path}: {error}')
                continue
            yield Frame(image, number, number / self.fps, path)


def open_source(text: str, tell: Tell = print, paced: bool = False) -> Source:
    """The source that a text names.

    Args:
        text: Number or device of a camera, address of a stream, or path of a video file, a picture
            or a folder of pictures.
        tell: See :class:`CaptureSource` and :class:`FolderSource`.
        paced: See :class:`FileSource`.

    Raises:
        LitePoseError: It names none of these, or pictures, which have no pace.
    """
    place = text if text.isdecimal() else os.path.realpath(text)  # links have lasting names
    camera = re.fullmatch(r'(?:/dev/video)?([0-9]{1,2})', place)
    if camera:
        return CaptureSource(int(camera[1]), tell)
    if re.match(r'[a-z][a-z0-9+.-]*://', text, re.IGNORECASE):
        return CaptureSource(text, tell)
    path = Path(text)
    if path.is_file() and find_media([text])[0].is_video:
        return FileSource(path, paced)
    if path.exists():
        if paced:
            raise LitePoseError(f'expected a video to play like a camera, got {path}: pictures')
        return FolderSource(path, tell)
    raise LitePoseError(
        f'expected the number of a camera (0 to 99), the address of a stream, a video file or a '
        f'folder of pictures, got {text!r}, which is none of these'
    )


def _open_capture(target: int | str) -> cv2.VideoCapture:
    if isinstance(target, int):
        return cv2.VideoCapture(target)
    timeouts = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, cv2.CAP_PROP_READ_TIMEOUT_MSEC)
    options = [value for name in timeouts for value in (name, _STREAM_TIMEOUT)]
    return cv2.VideoCapture(target, cv2.CAP_FFMPEG, options)


def _no_frames(target: int | str, is_open: bool) -> str:
    if isinstance(target, str):
        return (
            f'expected a stream at {target}, but nothing comes from there; is the address right, '
            'and does this OpenCV know its codec?'
        )
    if is_open:
        return f'camera {target} gives no frames; does another program use it?'
    known = ', '.join(sorted(str(path) for path in Path('/dev').glob('video*')))
    return f'there is no camera {target}; devices here: {known or "none"}'


def _rate(fps: float) -> float:
    return fps if math.isfinite(fps) and 0 < fps <= 1000 else _FALLBACK_FPS
