"""Read videos with PyAV: frames as players show them, with their numbers and times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import LitePoseError
from .video_decoding import Decoding, VideoFrame

if TYPE_CHECKING:
    import av
    import av.container

FALLBACK_FPS = 25.0
_ADDRESS = re.compile(r'[a-z][a-z0-9+.-]*://', re.IGNORECASE)
_TIMEOUT = 10.0  # seconds to wait for a stream
_MAX_FPS = 1000
_STILLS = ('heic', 'heix', 'heim', 'heis', 'mif1', 'avif')  # image formats related to MP4


class VideoReader:
    """Iterates once over the frames of a video file, a pipe or a stream.

    Frames look as in players: rotated by the display matrix that phones write, and stretched if
    pixels are not square. Their size may change. Damaged parts are skipped; after the last frame,
    the iteration raises a LitePoseError that states how much was lost.

    Args:
        source: Path of a file or pipe, or address of a stream.

    Attributes:
        fps: Average number of frames per second; 25 if the video does not state it.
        frame_count: Approximate number of frames; 0 if the video does not state it.
        is_live: Whether the source is an endless stream.

    Raises:
        LitePoseError: The source is missing, or PyAV cannot open it as a video.
    """

    def __init__(self, source: str | Path) -> None:
        pyav = import_av()
        self.name = str(source)
        self._container: av.container.InputContainer | None = None
        is_address = is_stream_address(self.name)
        self._file = None if is_address else _open_file(Path(source))
        try:
            if self._file is None:
                options = {'rtsp_transport': 'tcp'} if self.name.lower().startswith('rtsp') else {}
                container = pyav.open(self.name, timeout=_TIMEOUT, options=options)
            else:
                container = pyav.open(_nameless(self._file))
            self._container = container
            self._stream = _video_stream(container, self.name)
        except (OSError, ValueError, pyav.FFmpegError) as error:
            self.close()
            if isinstance(error, LitePoseError):
                raise
            raise LitePoseError(_cannot_open(self.name, is_address, error)) from error
        rates = (self._stream.average_rate, self._stream.guessed_rate)
        usable = [float(rate) for rate in rates if rate and 0 < rate <= _MAX_FPS]
        self.fps = usable[0] if usable else FALLBACK_FPS
        duration = container.duration
        self.frame_count = self._stream.frames or max(0, round((duration or 0) / 1e6 * self.fps))
        self.is_live = is_address and not self.frame_count

    def close(self) -> None:
        """Closes the file, which the end of the iteration also does."""
        if self._container is not None:
            self._container.close()
        if self._file is not None:
            self._file.close()

    def __iter__(self) -> Iterator[VideoFrame]:
        assert self._container is not None  # __init__ has opened it
        try:
            yield from Decoding(self.name, self._container, self._stream, self.fps, self.is_live)
        finally:
            self.close()


def is_stream_address(text: str) -> bool:
    """Whether a text is an address such as ``rtsp://host/stream`` rather than a path."""
    return _ADDRESS.match(text) is not None


def import_av() -> Any:
    """Imports PyAV only when it is needed.

    Raises:
        LitePoseError: PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise LitePoseError(f'videos need PyAV; pip install av ({error})') from error
    return av


def _open_file(path: Path) -> BinaryIO:
    if path.is_dir() or not path.exists():
        raise LitePoseError(f'expected a video, but {str(path)!r} is not a file')
    try:
        return path.open('rb', buffering=0)
    except OSError as error:
        raise LitePoseError(f'cannot read the video {path}: {error.strerror}') from error


def _nameless(file: BinaryIO) -> SimpleNamespace:
    """Hides a file's name, which FFmpeg may take for a protocol or pattern, or may not decode."""
    if not file.seekable():
        return SimpleNamespace(read=file.read)
    return SimpleNamespace(read=file.read, seek=file.seek, tell=file.tell)


def _video_stream(container: av.container.InputContainer, name: str) -> av.video.stream.VideoStream:
    brand = container.metadata.get('major_brand')
    if container.format.name.endswith('_pipe') or brand in _STILLS:
        raise LitePoseError(
            f'expected a video, but {name} is an image in an unsupported format; convert it to JPEG'
        )
    cover = import_av().stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not streams:
        if container.streams.audio:
            raise LitePoseError(f'expected a video, but {name} contains only sound')
        raise LitePoseError(_cannot_open(name, False, None))
    if streams[0].codec_context is None:
        raise LitePoseError(f'{name}: FFmpeg has no decoder for this video; convert it to MP4')
    return streams[0]


def _cannot_open(name: str, is_address: bool, error: Exception | None) -> str:
    if is_address:
        return (
            f'expected a stream at {name}, but it cannot be opened; check the address, and that '
            f'FFmpeg supports its protocol ({error})'
        )
    if isinstance(error, OSError):
        return f'cannot read the video {name}: {error.strerror}'
    return (
        f'expected a video, but FFmpeg cannot open {name}: it is damaged or in another format; '
        'copy it again or convert it to MP4'
    )
