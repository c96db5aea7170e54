"""Read frames from cameras, streams, video files and folders of images."""

from __future__ import annotations

import os
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..errors import LitePoseError
from ..inference.images import checked_image
from ..media import VideoFrame, VideoReader, find_media
from ..media.videos import FALLBACK_FPS, is_stream_address

#: Seconds between attempts to open a source again; the last value repeats.
BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0)
_MAX_FPS = 1000
_WAKING_SECONDS = 2.0  # time that a camera may need until its first frame

#: Called with a line about the source, e.g. that it will be opened again.
Tell = Callable[[str], None]


class Frame(NamedTuple):
    """An image of a source.

    Attributes:
        image: BGR uint8 ``(H, W, 3)``.
        number: Counted from 0; the numbers of a video's lost frames are skipped.
        time: Seconds since the first frame, by a video's own clock or, for a camera, by this
            machine's clock.
        file: The image's file, if the source is a folder.
    """

    image: np.ndarray
    number: int
    time: float
    file: Path | None = None


class Source(ABC):
    """A sequence of frames that another thread may stop.

    Attributes:
        name: Name for messages.
        is_live: Whether frames arrive by themselves, so that late ones are lost.
        fps: Frames per second; for a camera, known after its first frame. A default if unknown.
        files: The files that are read, which must not be overwritten.
        num_failed: Number of images that cannot be read; 1 for a damaged video.
    """

    name: str
    is_live: bool
    fps: float = FALLBACK_FPS
    files: Sequence[Path] = ()
    num_failed: int = 0

    def __init__(self) -> None:
        self._stopped = threading.Event()

    @abstractmethod
    def frames(self) -> Iterator[Frame]:
        """Yields the frames once.

        Raises:
            LitePoseError: There are no frames, or the source is broken.
        """

    def stop(self) -> None:
        """Makes the frames end soon."""
        self._stopped.set()


class CaptureSource(Source):
    """A camera or a stream, which is opened again whenever it fails.

    Opening must succeed the first time. Later, the source may be unplugged, stall or send empty
    frames: it is opened again and again, after increasing pauses. A video at an address is played
    once, at its own speed.

    Args:
        target: Number of a camera, or address of a stream.
        tell: Called with a line when the source fails and when it is back.
        open_capture: Opens the target and returns an object with the methods of
            :class:`VideoReader`.
        back_off: Seconds between attempts; the last value repeats.
    """

    is_live = True

    def __init__(
        self,
        target: int | str,
        tell: Tell = print,
        open_capture: Callable[[int | str], VideoReader | Camera] | None = None,
        back_off: tuple[float, ...] = BACK_OFF,
    ) -> None:
        super().__init__()
        self.target, self.tell, self.back_off = target, tell, back_off
        self.name = f'camera {target}' if isinstance(target, int) else str(target)
        self._open_capture = open_capture or _open_capture

    def frames(self) -> Iterator[Frame]:
        start = time.monotonic()
        number = failures = 0
        while not self._stopped.is_set():
            capture = problem = None
            try:
                capture = self._open_capture(self.target)
                for found in capture:
                    if not capture.is_live:
                        self._stopped.wait(max(0.0, start + found.time - time.monotonic()))
                    if self._stopped.is_set():
                        return
                    if number == 0:
                        self.fps = capture.fps
                    if failures:
                        self.tell(f'{self.name} is back')
                        failures = 0
                    moment = time.monotonic() - start if capture.is_live else found.time
                    yield Frame(found.image, number, moment)
                    number += 1
            except LitePoseError as error:
                problem = error
            finally:
                if capture is not None:
                    capture.close()
            if number == 0:
                raise problem or LitePoseError(f'{self.name} sends no frames')
            if capture is not None and not capture.is_live:  # it would start from the beginning
                if problem is not None:
                    self.num_failed += 1
                    self.tell(str(problem))
                return
            if failures == 0:
                self.tell(f'{self.name} sends no frames; trying again until it does')
            self._stopped.wait(self.back_off[min(failures, len(self.back_off) - 1)])
            failures += 1


class Camera:
    """A camera of this machine, read with OpenCV; iterates over its frames until it fails.

    Attributes:
        fps: Frames per second, known after the first frame.

    Args:
        number: Number of the camera.

    Raises:
        LitePoseError: There is no such camera.
    """

    is_live = True

    def __init__(self, number: int) -> None:
        self.number, self.fps = number, FALLBACK_FPS
        self._capture = cv2.VideoCapture(number)
        if not self._capture.isOpened():
            known = ', '.join(sorted(str(path) for path in Path('/dev').glob('video*')))
            raise LitePoseError(f'there is no camera {number}; known devices: {known or "none"}')

    def __iter__(self) -> Iterator[VideoFrame]:
        start = time.monotonic()
        for index in count():
            while (image := self._read()) is None:
                if index > 0:
                    return
                if time.monotonic() - start > _WAKING_SECONDS:
                    raise LitePoseError(
                        f'camera {self.number} sends no frames; close other programs that use it'
                    )
                time.sleep(0.05)
            if index == 0:
                fps = self._capture.get(cv2.CAP_PROP_FPS)
                self.fps = fps if 0 < fps <= _MAX_FPS else FALLBACK_FPS
            yield VideoFrame(image, index, time.monotonic() - start)

    def close(self) -> None:
        """Releases the camera."""
        self._capture.release()

    def _read(self) -> np.ndarray | None:
        ok, image = self._capture.read()
        return image if ok and image is not None and image.size else None


class FileSource(Source):
    """A video file; damage is reported in a line at the end.

    Args:
        path: The file.
        paced: Whether frames arrive at the file's rate, as from a camera, instead of immediately.
        tell: Called with the line.
    """

    def __init__(self, path: str | Path, paced: bool = False, tell: Tell = print) -> None:
        super().__init__()
        self._reader = VideoReader(path)
        self.name, self.is_live, self.fps = str(path), paced, self._reader.fps
        self.files, self.tell = [Path(path)], tell

    def frames(self) -> Iterator[Frame]:
        start, number = time.monotonic(), None
        try:
            for image, number, moment in self._reader:
                if self.is_live:
                    self._stopped.wait(max(0.0, start + moment - time.monotonic()))
                if self._stopped.is_set():
                    return
                yield Frame(image, number, moment)
        except LitePoseError as error:
            if number is None:
                raise
            self.num_failed += 1
            self.tell(str(error))


class FolderSource(Source):
    """The images of a folder, or a single image, sorted by name, one per second.

    Args:
        folder: The folder or the image.
        tell: Called with a line for each image that cannot be read and is skipped.
    """

    is_live, fps = False, 1.0

    def __init__(self, folder: str | Path, tell: Tell = print) -> None:
        super().__init__()
        self.name, self.tell = str(folder), tell
        self.files = [file.path for file in find_media([str(folder)]) if not file.is_video]
        if not self.files:
            raise LitePoseError(f'expected images in {folder}, got only videos; pass one of them')

    def frames(self) -> Iterator[Frame]:
        for number, path in enumerate(self.files):
            if self._stopped.is_set():
                return
            try:
                image = checked_image(path)
            except LitePoseError as error:
                self.num_failed += 1
                self.tell(f'skipped: {error}' if str(path) in str(error) else f'{path}: {error}')
                continue
            yield Frame(image, number, number / self.fps, path)


def open_source(text: str, tell: Tell = print, paced: bool = False) -> Source:
    """Opens the source that a text describes.

    Args:
        text: Number or device of a camera, address of a stream, or path of a video file, an image
            or a folder of images.
        tell: See :class:`CaptureSource` and :class:`FolderSource`.
        paced: See :class:`FileSource`.

    Raises:
        LitePoseError: The text is none of these, or images should be paced.
    """
    # Symbolic links give cameras persistent names.
    place = text if text.isdecimal() else os.path.realpath(text)
    camera = re.fullmatch(r'(?:/dev/video)?([0-9]{1,2})', place)
    if camera:
        return CaptureSource(int(camera[1]), tell)
    if is_stream_address(text):
        return CaptureSource(text, tell)
    path = Path(text)
    if path.exists() and not path.is_dir() and find_media([text])[0].is_video:
        return FileSource(path, paced, tell)
    if path.exists():
        if paced:
            raise LitePoseError(f'expected a video to play like a camera, got images: {path}')
        return FolderSource(path, tell)
    raise LitePoseError(
        'expected the number of a camera (0 to 99), the address of a stream, a video file or a '
        f'folder of images, but {text!r} is none of these'
    )


def _open_capture(target: int | str) -> VideoReader | Camera:
    return Camera(target) if isinstance(target, int) else VideoReader(target)
