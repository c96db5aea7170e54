"""Decode the frames of an open video, skipping damaged parts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import LitePoseError
from .frame_numbers import FrameNumbers
from .images import UPRIGHT

if TYPE_CHECKING:
    import av

_MAX_STRETCH = 4  # a larger aspect ratio of pixels means a damaged header
_CUT_SHORT = 0.9  # a file with less of the duration in its header is incomplete
_MAX_FAILURES = 100  # number of consecutive read errors after which reading stops
_WITH_DURATION = ('matroska,webm', 'flv', 'asf')  # formats with an exact duration in the header


class VideoFrame(NamedTuple):
    """A frame of a video.

    Attributes:
        image: BGR uint8 ``(H, W, 3)``, upright and with square pixels.
        index: Position in the video from 0; the numbers of lost frames are skipped.
        time: Seconds since the first frame.
    """

    image: np.ndarray
    index: int  # type: ignore[assignment]  # hides tuple.index, which no one calls
    time: float


class Decoding:
    """One pass over a video, see :class:`litepose_mm.media.VideoReader`.

    Args:
        name: Name of the video, for messages.
        container: The open video.
        stream: The stream to decode.
        fps: Frames per second, for frames without a time stamp.
        is_live: Whether the stream is live, so that decoding must not delay frames.
    """

    def __init__(
        self,
        name: str,
        container: av.container.InputContainer,
        stream: av.video.stream.VideoStream,
        fps: float,
        is_live: bool,
    ) -> None:
        from av import error
        from av.sidedata.sidedata import SideDataContainer
        from av.video.reformatter import VideoReformatter

        self._errors = error
        self._side_data: Any = SideDataContainer  # PyAV's stub lacks the argument
        self._name, self._container, self._stream, self._fps = name, container, stream, fps
        # One thread per frame delays as many frames as there are threads; slices delay none.
        stream.thread_type = 'SLICE' if is_live else 'AUTO'
        self._index = _AviIndex(stream) if container.format.name == 'avi' else None
        self._numbers = FrameNumbers(_constant_step(stream))
        self._reformatter = VideoReformatter()  # shared by all frames, because creating one is slow
        self._num_damaged = self._num_packets = 0
        self._has_errors = False
        self._delay: int | None = None
        self._time: float | None = None
        self._offset = 0.0
        self._end = 0.0  # end of everything read so far, including sound, in seconds

    def __iter__(self) -> Iterator[VideoFrame]:
        for packet in self._packets():
            for frame in self._decoded(packet):
                stamp = self._stamp(frame)
                number = self._numbers.number(stamp)
                if frame.is_corrupt:
                    self._num_damaged += 1
                yield VideoFrame(self._image(frame), number, self._time_of(stamp))
        self._numbers.finish(self._missing_packets())
        self._raise_if_damaged()

    def _packets(self) -> Iterator[av.Packet | None]:
        """Yields the video's packets and finally None; continues after read errors."""
        failures = 0
        while failures < _MAX_FAILURES:
            try:
                for packet in self._container.demux():
                    if packet.dts is None and not packet.size:
                        continue
                    failures = 0
                    if packet.pts is not None:
                        end = (packet.pts + (packet.duration or 0)) * packet.time_base
                        self._end = max(self._end, float(end))
                    if packet.stream.index == self._stream.index:
                        yield packet
                break
            except self._errors.InvalidDataError:
                failures += 1
                self._numbers.found_damage()
            except (OSError, self._errors.FFmpegError) as error:
                reason = error.strerror or error
                raise LitePoseError(f'cannot read {self._name}: {reason}') from error
        yield None

    def _decoded(self, packet: av.Packet | None) -> list[av.VideoFrame]:
        """Decodes a packet, or the remaining frames at the end."""
        if packet is not None:
            self._num_packets += 1
            if self._index is not None and self._index.correct(packet):
                self._numbers.found_damage()
            if not packet.is_discard:
                stamp = packet.pts if self._index is None else packet.dts
                self._numbers.expect(stamp, packet.is_keyframe)
            if packet.is_corrupt:
                self._numbers.found_damage()
        for _ in range(1 if packet is not None else _MAX_FAILURES):
            try:
                return self._stream.decode(packet)
            except EOFError:
                return []
            except self._errors.FFmpegError:
                self._has_errors = self._numbers.first is not None
                self._numbers.found_damage()
        return []

    def _stamp(self, frame: av.VideoFrame) -> int | None:
        """Returns the time stamp of a frame."""
        if self._index is None:
            return frame.pts
        if frame.dts is None:
            return None
        if self._delay is None:  # if frames are not decoded in display order
            first, delayed = self._numbers.first, self._stream.codec_context.has_b_frames
            self._delay = frame.dts - first if delayed and first is not None else 0
        return frame.dts - self._delay

    def _image(self, frame: av.VideoFrame) -> np.ndarray:
        stretch = self._stream.sample_aspect_ratio or 1
        if not 1 / _MAX_STRETCH <= stretch <= _MAX_STRETCH:
            stretch = 1
        image = self._reformatter.reformat(
            frame,
            width=max(1, round(frame.width * stretch)),
            height=frame.height,
            format='bgr24',
            threads=1,  # decoding uses the others
        ).to_ndarray()
        # frame.side_data would create a reference cycle that keeps frames in memory.
        matrix = self._side_data(frame).get('DISPLAYMATRIX')
        return image if matrix is None else UPRIGHT.get(_orientation(matrix), np.asarray)(image)

    def _time_of(self, pts: int | None) -> float:
        """Returns the seconds since the first frame, also if the video's clock restarts."""
        before = self._time
        follows = 0.0 if before is None else before + 1 / self._fps
        first, base = self._numbers.first, self._stream.time_base
        if pts is None or first is None or base is None:
            self._time = follows
            return follows
        time = float((pts - first) * base) + self._offset
        if before is not None and time < before:
            self._offset += follows - time
            time = follows
        self._time = time
        return time

    def _missing_packets(self) -> int:
        if self._index is not None:
            return self._index.num_after_last()
        return max(0, self._stream.frames - self._num_packets)

    def _raise_if_damaged(self) -> None:
        numbers, problems = self._numbers, []
        if not numbers.count:
            raise LitePoseError(f'no frame of {self._name} can be decoded; copy it again')
        if numbers.num_lost:
            problems.append(f'frames lost: {numbers.num_lost} of {numbers.count}')
        if self._num_damaged:
            problems.append(f'frames partly lost: {self._num_damaged}')
        if self._container.format.name in _WITH_DURATION and self._container.duration:
            duration = self._container.duration / 1e6
            if self._end < _CUT_SHORT * duration:
                problems.append(f'it ends after {self._end:.1f} of {duration:.1f} s')
        if self._has_errors and not problems:
            problems.append('parts of it cannot be decoded')
        if problems:
            raise LitePoseError(
                f'the video {self._name} is damaged or truncated: {", ".join(problems)}; '
                'copy it again'
            )


class _AviIndex:
    """Corrects the time stamps of an AVI file, which stores none.

    FFmpeg counts the frames that it finds. If some are destroyed, the file's index still tells
    which ones the others are. Corrected are decoding time stamps (``dts``), since FFmpeg only
    guesses those for display.
    """

    def __init__(self, stream: av.video.stream.VideoStream) -> None:
        entries = [entry for entry in stream.index_entries if entry.size]
        self._positions = [entry.pos for entry in entries]
        self._times = [entry.timestamp for entry in entries]
        self._stream = stream
        self._num_read = 0
        self._shift = 0

    def correct(self, packet: av.Packet) -> bool:
        """Corrects the time stamps of a packet; returns whether frames before it are destroyed."""
        index = -1 if packet.pos is None else bisect_right(self._positions, packet.pos) - 1
        self._num_read = max(index, self._num_read) + 1
        if index < 0 or packet.dts is None:
            return False
        shift = max(self._shift, self._times[index] - packet.dts)
        grew, self._shift = shift > self._shift, shift
        packet.dts += shift
        if packet.pts is not None:
            packet.pts += shift
        return grew

    def num_after_last(self) -> int:
        """Returns how many frames should follow the last one that was read."""
        entries = sum(entry.size > 0 for entry in self._stream.index_entries)
        grew = entries > len(self._positions)  # FFmpeg creates a missing index while it reads
        return max(0, (self._stream.frames if grew else entries) - self._num_read)


def _constant_step(stream: av.video.stream.VideoStream) -> float | None:
    rate, base = stream.average_rate, stream.time_base
    if not rate or rate != stream.base_rate or base is None:
        return None
    return float(1 / (Fraction(rate) * base))


def _orientation(matrix: Any) -> int:
    """Returns the EXIF orientation that corresponds to a display matrix."""
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return {(False, False): 1, (True, False): 2, (True, True): 3}.get((a < 0, d < 0), 4)
    return {(False, False): 5, (False, True): 6, (True, True): 7}.get((b < 0, c < 0), 8)
