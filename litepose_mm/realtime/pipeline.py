"""Frames to people while the next ones are on their way: every part has a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from time import monotonic, perf_counter
from typing import Any, NamedTuple

import numpy as np

from ..inference.base import BaseEstimator
from ..structures import PoseResult
from ..tracking import PoseTracker
from ..utils.openmp import release_openmp_threads
from .handover import Closed, Handover
from .sources import Frame, Source

#: The parts of a frame, in order. Whoever draws says so, see :meth:`RealTimePipeline.timed`.
STAGES = ('grabbing', 'preprocessing', 'network', 'decoding', 'drawing')
_KEPT = 120  # times of each part that the statistics look at
_WINDOW = 3.0  # seconds over which frames a second are counted
_PATIENCE = 1.0  # seconds: a driver can keep the thread that grabs for longer


class Shown(NamedTuple):
    """A frame and who is on it.

    Attributes:
        frame: The frame.
        result: Its people, with ids where they are followed.
        prepared: What the estimator's ``prepare`` gave.
        outputs: What its ``infer`` gave, e.g. for drawing maps.
    """

    frame: Frame
    result: PoseResult
    prepared: Any
    outputs: Any


class Statistics(NamedTuple):
    """How quick a pipeline is.

    Attributes:
        fps: Frames a second that came out lately.
        milliseconds: Median of each part lately, by :data:`STAGES`; without those not done yet.
        num_frames: Frames that came out.
        num_dropped: Frames that newer ones replaced.
        latency: Milliseconds from the grabbing of a frame to its people, median lately.
    """

    fps: float
    milliseconds: dict[str, float]
    num_frames: int
    num_dropped: int
    latency: float


class RealTimePipeline:
    """Finds people on the frames of a source, in its own threads; iterate over it once.

    While one frame is in the network, the next is grabbed and the one before decoded. From a live
    source the newest frame is always next and those in between are dropped; of files every frame is
    looked at.

    Example::

        with RealTimePipeline(open_source('0'), estimator, PoseTracker()) as pipeline:
            for shown in pipeline:
                drawing = shown.result.draw(shown.frame.image)

    Args:
        source: Where frames come from.
        estimator: Finds the people.
        tracker: Follows them; None: they get no ids.
        min_score: People with a lower score are dropped, before they are followed.
    """

    def __init__(
        self,
        source: Source,
        estimator: BaseEstimator,
        tracker: PoseTracker | None = None,
        min_score: float = 0.0,
    ) -> None:
        self.source, self.estimator, self.tracker = source, estimator, tracker
        self.min_score = min_score
        keep_all = not source.is_live
        self._grabbed = Handover(keep_all)
        self._inferred = Handover(keep_all)
        self._found = Handover(keep_all)
        self._error: BaseException | None = None
        self._times = {stage: deque(maxlen=_KEPT) for stage in STAGES}
        self._latencies: deque[float] = deque(maxlen=_KEPT)
        self._ends: deque[float] = deque()
        self._num_frames = 0
        self._final: Statistics | None = None
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> RealTimePipeline:
        release_openmp_threads()  # of loading the model: the network runs in a thread of its own
        parts = (
            (self._grab, (self._grabbed,)),
            (self._infer, (self._grabbed, self._inferred)),
            (self._decode, (self._inferred, self._found)),
        )
        self._threads = [
            threading.Thread(target=self._guarded, args=part, daemon=True) for part in parts
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Shown]:
        return self.poll(None)

    def poll(self, seconds: float | None) -> Iterator[Shown | None]:
        """As iterating over it, for whoever has other things to do while nothing comes.

        Args:
            seconds: After so long without a frame, None comes instead.

        Raises:
            LitePoseError: A part failed; all that was found before comes first.
        """
        while True:
            try:
                grabbed_at, shown = self._found.take(seconds)
            except TimeoutError:
                yield None
                continue
            except Closed:
                break
            now = monotonic()
            self._latencies.append(1e3 * (now - grabbed_at))
            self._ends.append(now)
            self._forget_ends(now)
            self._num_frames += 1
            yield shown
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stops the source and all threads; may be called again.

        A source that does not answer is left to itself after a second: its thread ends when it
        answers, or with the process.
        """
        self._final = self._final or self.statistics()
        self.source.stop()
        for place in (self._grabbed, self._inferred, self._found):
            place.close()
        for thread in self._threads[1:]:
            thread.join()
        for thread in self._threads[:1]:
            thread.join(_PATIENCE)

    def timed(self, stage: str, function: Callable[..., Any], *args: Any) -> Any:
        """What a function returns; the time it takes counts for a part of :data:`STAGES`."""
        start = perf_counter()
        value = function(*args)
        self._times[stage].append(perf_counter() - start)
        return value

    def statistics(self) -> Statistics:
        """How quick it is; once it is closed, how quick it was."""
        if self._final is not None:
            return self._final
        self._forget_ends(monotonic())
        span = self._ends[-1] - self._ends[0] if self._ends else 0
        places = (self._grabbed, self._inferred, self._found)
        return Statistics(
            fps=(len(self._ends) - 1) / span if span > 0 else 0.0,
            milliseconds={
                stage: 1e3 * float(np.median(times))
                for stage, times in self._times.items()
                if times
            },
            num_frames=self._num_frames,
            num_dropped=sum(place.num_replaced for place in places),
            latency=float(np.median(self._latencies)) if self._latencies else 0.0,
        )

    def _guarded(self, part: Callable[..., None], places: Sequence[Handover]) -> None:
        """Runs a part to its end; an error becomes the iteration's."""
        try:
            part(*places)
        except Closed:
            pass
        except BaseException as error:
            self._error = self._error or error
        finally:
            places[-1].close()  # what comes after gets what is there, and ends

    def _forget_ends(self, now: float) -> None:
        while self._ends and now - self._ends[0] > _WINDOW:
            self._ends.popleft()

    def _grab(self, grabbed: Handover) -> None:
        frames = self.source.frames()
        while (frame := self.timed('grabbing', next, frames, None)) is not None:
            grabbed.put((monotonic(), frame))

    def _infer(self, grabbed: Handover, inferred: Handover) -> None:
        while True:
            grabbed_at, frame = grabbed.take()
            prepared = self.timed('preprocessing', self.estimator.prepare, frame.image)
            outputs = self.timed('network', self.estimator.infer, prepared)
            inferred.put((grabbed_at, frame, prepared, outputs))

    def _decode(self, inferred: Handover, found: Handover) -> None:
        while True:
            grabbed_at, frame, prepared, outputs = inferred.take()
            result = self.timed('decoding', self._people, frame, prepared, outputs)
            found.put((grabbed_at, Shown(frame, result, prepared, outputs)))

    def _people(self, frame: Frame, prepared: Any, outputs: Any) -> PoseResult:
        result = self.estimator.finish(prepared, outputs).filter(self.min_score)
        return result if self.tracker is None else self.tracker(result, frame.time)
