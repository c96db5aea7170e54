"""Write videos atomically and with the real times of frames."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from ..errors import LitePoseError
from ..utils.files import replacing
from .videos import import_av

if TYPE_CHECKING:
    import av

# H.264 plays everywhere. Builds of FFmpeg without x264 still include MPEG-4.
_CODECS = (('libx264', {'preset': 'ultrafast', 'crf': '20'}), ('mpeg4', {'qscale': '3'}))
_BT709 = 1  # FFmpeg's number of this colour space
_CLOCK = 60_000  # ticks per second, divisible by 24, 25, 29.97, 30, 50 and 60 frames per second


def video_path(path: str | Path) -> Path:
    """Returns the file that a :class:`VideoWriter` with this path writes."""
    return Path(path).with_suffix('.mp4')


class VideoWriter:
    """Writes an MP4 with the size of its first frame; use it in a ``with`` statement.

    Frames of another size are scaled to fit. Each frame is shown until the time of the next one.
    The file appears when the writer is closed, and contains the frames so far even if an exception
    ended the ``with`` statement. There is no file without frames or after a write error. Odd sizes,
    which videos cannot have, are extended by a copy of the last row or column.

    Args:
        path: The file; its suffix becomes ``.mp4``.
        fps: Frames per second, used if :meth:`write` gets no times.

    Attributes:
        path: The file with its final suffix.
        num_frames: Number of frames written so far; 0 after a write error.
    """

    def __init__(self, path: str | Path, fps: float) -> None:
        self.path = video_path(path)
        self.fps = fps
        self.num_frames = 0
        self._file = ExitStack()  # holds the open file while frames are written
        self._container: av.container.OutputContainer | None = None
        self._stream: av.video.stream.VideoStream | None = None
        self._size = (0, 0)
        self._start = 0.0
        self._last_tick = -1

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def write(self, image: np.ndarray, time: float | None = None) -> None:
        """Appends a frame.

        Args:
            image: BGR (H, W, 3) uint8.
            time: Seconds since any moment; the first frame is shown at the start. Times that do
                not increase are moved slightly after the previous one.

        Raises:
            LitePoseError: No codec works, or the file cannot be written.
        """
        av = import_av()
        time = self.num_frames / self.fps if time is None else time
        if self._container is None:
            self._open((image.shape[1], image.shape[0]))
            self._start = time
        pixels = np.ascontiguousarray(_fitted(image, self._size))
        frame = av.VideoFrame.from_numpy_buffer(pixels, format='bgr24')
        frame = self._reformatter.reformat(
            frame, format='yuv420p', dst_colorspace=_BT709, threads=1
        )
        self._last_tick = max(self._last_tick + 1, round((time - self._start) * _CLOCK))
        frame.pts, frame.time_base = self._last_tick, Fraction(1, _CLOCK)
        with self._one_line_errors():
            self._encode(frame)
        self.num_frames += 1

    def close(self) -> None:
        """Finishes the file and moves it into place; repeated calls have no effect.

        Raises:
            LitePoseError: The file cannot be written or moved into place.
        """
        if self._container is None:
            return
        with self._one_line_errors():
            self._encode(None)
            self._container.close()
            self._container = None
            self._file.close()

    def _open(self, size: tuple[int, int]) -> None:
        from av.video.reformatter import VideoReformatter

        self._reformatter, self._size = VideoReformatter(), size
        with self._one_line_errors():
            part = self._file.enter_context(replacing(self.path))
            # A Python file, because FFmpeg misreads names like protocols or not in UTF-8.
            file = self._file.enter_context(part.open('wb'))
            self._container = import_av().open(file, 'w', format='mp4')
            self._stream = self._add_stream(self._container)

    def _add_stream(self, container: Any) -> av.video.stream.VideoStream:
        available = import_av().codecs_available
        codec, options = next((each for each in _CODECS if each[0] in available), _CODECS[-1])
        rate = Fraction(self.fps).limit_denominator(1001)
        stream = container.add_stream(codec, rate=rate, options=dict(options))
        stream.width, stream.height = (side + side % 2 for side in self._size)
        stream.pix_fmt = 'yuv420p'
        context = stream.codec_context
        context.time_base = Fraction(1, _CLOCK)
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        return stream

    def _encode(self, frame: av.VideoFrame | None) -> None:
        assert self._container is not None and self._stream is not None  # _open has set them
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        """Turns errors of the system and of FFmpeg into one line, and removes the partial file."""
        try:
            yield
        except (OSError, ValueError, import_av().FFmpegError) as error:
            self._discard(error)
            reason = getattr(error, 'strerror', None) or error
            raise LitePoseError(f'cannot write the video {self.path}: {reason}') from error

    def _discard(self, error: Exception) -> None:
        container, self._container = self._container, None
        self.num_frames = 0
        with suppress(OSError, import_av().FFmpegError):
            if container is not None:
                container.close()
        with suppress(LitePoseError):  # closing the file causes the same error again
            self._file.__exit__(type(error), error, error.__traceback__)


def _fitted(image: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Scales an image to fit into a size, with black borders, and then extends it to even sides."""
    width, height = size_wh
    if (image.shape[1], image.shape[0]) != size_wh:
        scale = min(width / image.shape[1], height / image.shape[0])
        inner = [max(1, round(scale * side)) for side in image.shape[1::-1]]
        scaled = cv2.resize(image, inner, interpolation=cv2.INTER_AREA)
        left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
        image = np.zeros((height, width, 3), np.uint8)
        image[top : top + inner[1], left : left + inner[0]] = scaled
    if width % 2 or height % 2:
        image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return image
