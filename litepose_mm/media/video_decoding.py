"""Decoding the frames of an open video, past damaged parts."""

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

_MOST_STRETCH = 4  # a pixel more than so many times as wide as high is a damaged header
_CUT_SHORT = 0.9  # share of the duration in the header; less is a broken file
_MOST_FAILURES = 100  # of reading, one after the other, until the rest is given up
_WITH_DURATION = ('matroska,webm', 'flv', 'asf')  # the header of these is not an estimate


class VideoFrame(NamedTuple):
    """A frame of a video.

    Attributes:
        image: BGR uint8 ``(H, W, 3)``, upright and with square pixels.
        index: Its place in the video from 0; numbers of lost frames are left out.
        time: Seconds since the first frame.
    """

    image: np.ndarray
    index: int
    time: float


class Decoding:
    """One pass over a video, see :class:`litepose_mm.media.VideoReader`.

    Args:
        name: Of the video, for messages.
        container: It.
        stream: The one to decode.
        fps: Frames a second, for those without a time.
        is_live: Whether they come by themselves and none should be kept back.
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

        self._errors, self._side_data = error, SideDataContainer
        self._name, self._container, self._stream, self._fps = name, container, stream, fps
        # threads for frames keep as many frames back, for slices none
        stream.thread_type = 'SLICE' if is_live else 'AUTO'
        self._index = _AviIndex(stream) if container.format.name == 'avi' else None
        self._numbers = FrameNumbers(_constant_step(stream))
        self._reformatter = VideoReformatter()  # one for all frames: to make one is slow
        self._num_damaged = self._num_packets = 0
        self._has_errors = False
        self._delay: int | None = None
        self._time: float | None = None
        self._offset = 0.0
        self._end = 0.0  # seconds, of all that was read, sound included

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

    def _packets(self) -> Iterator[av.Packet]:
        """Packets of the video, then an empty one; goes on where reading fails."""
        failures = 0
        while failures < _MOST_FAILURES:
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
        """The frames that a packet, or the end of all, brings out of the decoder."""
        if packet is not None:
            self._num_packets += 1
            if self._index is not None and self._index.correct(packet):
                self._numbers.found_damage()
            if not packet.is_discard:
                stamp = packet.pts if self._index is None else packet.dts
                self._numbers.expect(stamp, packet.is_keyframe)
            if packet.is_corrupt:
                self._numbers.found_damage()
        for _ in range(1 if packet is not None else _MOST_FAILURES):
            try:
                return self._stream.decode(packet)
            except EOFError:
                return []
            except self._errors.FFmpegError:
                self._has_errors = self._numbers.first is not None
                self._numbers.found_damage()
        return []

    def _stamp(self, frame: av.VideoFrame) -> int | None:
        """The time stamp of a frame."""
        if self._index is None:
            return frame.pts
        if frame.dts is None:
            return None
        if self._delay is None:  # of frames that are decoded out of the order of display
            first, delayed = self._numbers.first, self._stream.codec_context.has_b_frames
            self._delay = frame.dts - first if delayed and first is not None else 0
        return frame.dts - self._delay

    def _image(self, frame: av.VideoFrame) -> np.ndarray:
        stretch = self._stream.sample_aspect_ratio or 1
        if not 1 / _MOST_STRETCH <= stretch <= _MOST_STRETCH:
            stretch = 1
        image = self._reformatter.reformat(
            frame,
            width=max(1, round(frame.width * stretch)),
            height=frame.height,
            format='bgr24',
            threads=1,  # decoding has the others
        ).to_ndarray()
        # not frame.side_data, which makes a circle that keeps frames until memory is collected
        matrix = self._side_data(frame).get('DISPLAYMATRIX')
        return image if matrix is None else UPRIGHT.get(_orientation(matrix), np.asarray)(image)

    def _time_of(self, pts: int | None) -> float:
        """Seconds since the first frame; goes on where the clock of the video begins anew."""
        before = self._time
        follows = 0.0 if before is None else before + 1 / self._fps
        if pts is None:
            self._time = follows
            return follows
        time = float((pts - self._numbers.first) * self._stream.time_base) + self._offset
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
            raise LitePoseError(f'{self._name} holds no frame that can be decoded; copy it again')
        if numbers.num_lost:
            problems.append(f'frames lost: {numbers.num_lost} of {numbers.count}')
        if self._num_damaged:
            problems.append(f'frames partly lost: {self._num_damaged}')
        if self._container.format.name in _WITH_DURATION and self._container.duration:
            duration = self._container.duration / 1e6
            if self._end < _CUT_SHORT * duration:
                problems.append(f'it ends after {self._end:.1f} of {duration:.1f} s')
        if self._has_errors and not problems:
            problems.append('some of it cannot be decoded')
        if problems:
            raise LitePoseError(
                f'the video {self._name} is damaged or cut short: {", ".join(problems)}; '
                'copy it again'
            )


class _AviIndex:
    """Times of the frames of an AVI file, which stores none: FFmpeg counts the frames it finds.

    Where some are destroyed, the index still tells which ones the others are. The count is that of
    decoding (``dts``); for display FFmpeg only guesses one.
    """

    def __init__(self, stream: av.video.stream.VideoStream) -> None:
        entries = [entry for entry in stream.index_entries if entry.size]
        self._places = [entry.pos for entry in entries]
        self._times = [entry.timestamp for entry in entries]
        self._stream = stream
        self._num_read = 0
        self._shift = 0

    def correct(self, packet: av.Packet) -> bool:
        """Corrects the time stamps of a packet; returns whether frames before it are destroyed."""
        place = bisect_right(self._places, packet.pos) - 1
        self._num_read = max(place, self._num_read) + 1
        if place < 0 or packet.dts is None:
            return False
        shift = max(self._shift, self._times[place] - packet.dts)
        grew, self._shift = shift > self._shift, shift
        packet.dts += shift
        if packet.pts is not None:
            packet.pts += shift
        return grew

    def num_after_last(self) -> int:
        """How many frames there should be behind the last one that was read."""
        entries = sum(entry.size > 0 for entry in self._stream.index_entries)
        grew = entries > len(self._places)  # FFmpeg makes one while it reads where there is none
        return max(0, (self._stream.frames if grew else entries) - self._num_read)


def _constant_step(stream: av.video.stream.VideoStream) -> float | None:
    rate = stream.average_rate
    if not rate or rate != stream.base_rate:
        return None
    return float(1 / (Fraction(rate) * stream.time_base))


def _orientation(matrix: Any) -> int:
    """The EXIF orientation that shows a frame as a display matrix does."""
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return {(False, False): 1, (True, False): 2, (True, True): 3}.get((a < 0, d < 0), 4)
    return {(False, False): 5, (False, True): 6, (True, True): 7}.get((b < 0, c < 0), 8)
