"""Number the frames of a video that may be damaged."""

from __future__ import annotations

import heapq
import math

_LONGEST_GAP = 1000  # frames; a longer gap means a damaged time stamp rather than lost frames


class FrameNumbers:
    """Numbers frames by their position in the video, including those that cannot be decoded.

    Some codecs have packets that are never shown, and cameras skip frames. Packets without a frame
    and gaps in a constant rate therefore only count as lost frames after a decoder found damage.

    Args:
        step: Difference of time stamps between frames; None if the rate is not constant.

    Attributes:
        first: Time stamp of the first frame that can be decoded; None until it is known. Earlier
            packets belong to a scene that started before the video.
        count: Number of frames so far, including lost ones.
        num_lost: Number of lost frames so far.
        is_damaged: Whether damage was found.
    """

    def __init__(self, step: float | None = None) -> None:
        self.first: int | None = None
        self.count = self.num_lost = 0
        self.is_damaged = False
        self._step = step
        self._waiting: list[int] = []  # time stamps of packets whose frames are not decoded yet
        self._last: int | None = None

    def expect(self, pts: int | None, is_key: bool) -> None:
        """Notes that a packet with this time stamp is passed to the decoder."""
        if self.first is None and is_key:
            self.first = pts
        earliest = self.first if self._last is None else self._last  # earlier: another clock
        if pts is not None and earliest is not None and pts >= earliest:
            heapq.heappush(self._waiting, pts)

    def found_damage(self) -> None:
        """Notes that the decoder found damage, which does not count before the first key frame."""
        self.is_damaged = self.is_damaged or self.first is not None

    def number(self, pts: int | None) -> int:
        """Returns the number of the next frame in display order, which has this time stamp."""
        if pts is not None:
            if self.first is None:
                self.first = pts
            self._lose(max(self._drop_before(pts), self._gap_before(pts)))
            if self._waiting and self._waiting[0] == pts:
                heapq.heappop(self._waiting)
            self._last = pts
        self.count += 1
        return self.count - 1

    def finish(self, missing: int = 0) -> None:
        """Counts the frames lost at the end.

        Args:
            missing: Number of packets that are listed in the video's index but were not read.
        """
        self._lose(self._drop_before(math.inf))
        if missing > 0:
            self.is_damaged = True
            self._lose(missing)

    def _drop_before(self, pts: float) -> int:
        dropped = 0
        while self._waiting and self._waiting[0] < pts:
            heapq.heappop(self._waiting)
            dropped += 1
        return dropped

    def _gap_before(self, pts: int) -> int:
        if self._step is None or self._last is None:
            return 0
        gap = round((pts - self._last) / self._step) - 1
        return gap if 0 < gap <= _LONGEST_GAP else 0

    def _lose(self, count: int) -> None:
        if self.is_damaged:
            self.count += count
            self.num_lost += count
