"""Find people on a stream of frames, with a thread for each stage."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic, perf_counter
from typing import Any, NamedTuple

import numpy as np

from ..inference.base import BaseEstimator
from ..structures import PoseResult
from ..tracking import PoseTracker
from ..utils.openmp import release_openmp_threads
from .handover import Closed, Handover
from .sources import Frame, Source

#: The stages of a frame, in order. Callers time the drawing, see :meth:`RealTimePipeline.timed`.
STAGES = ('grabbing', 'preprocessing', 'network', 'decoding', 'drawing')
_KEPT = 120  # number of recent times of each stage in the statistics
_WINDOW = 3.0  # seconds over which the frame rate is measured
_PATIENCE = 1.0  # seconds to wait for the grabbing thread, which a driver may block for longer


class FrameResult(NamedTuple):
    """A frame with the people on it.

    Attributes:
        frame: The frame.
        result: The people, with ids if they are tracked.
        prepared: The result of the estimator's ``prepare``.
        outputs: The result of its ``infer``, e.g. for drawing maps.
    """

    frame: Frame
    result: PoseResult
    prepared: Any
    outputs: Any


class Statistics(NamedTuple):
    """The speed of a pipeline.

    Attributes:
        fps: Recent number of processed frames per second.
        milliseconds: Recent median time of each of the :data:`STAGES` that has run.
        num_frames: Number of processed frames.
        num_dropped: Number of frames that newer ones replaced.
        latency: Recent median of the milliseconds from grabbing a frame to finding its people.
    """

    fps: float
    milliseconds: dict[str, float]
    num_frames: int
    num_dropped: int
    latency: float


class RealTimePipeline:
    """Finds people on the frames of a source, in its own threads; iterate over it once.

    While one frame is in the network, or as many as the estimator's ``streams``, the next is
    grabbed and the previous one is decoded. Of a live source, always the newest frame is processed
    and older ones are dropped; of files, every frame is processed.

    Example::

        with RealTimePipeline(open_source('0'), estimator, PoseTracker()) as pipeline:
            for found in pipeline:
                drawing = found.result.draw(found.frame.image)

    Args:
        source: Where frames come from.
        estimator: Finds the people.
        tracker: Tracks the people; None: they get no ids.
        min_score: People with a lower score are dropped before tracking.
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
        self._grabbed: Handover[tuple[float, Frame]] = Handover(keep_all)
        self._inferred: Handover[tuple[float, Frame, Any, Future]] = Handover(keep_all)
        self._found: Handover[tuple[float, FrameResult]] = Handover(keep_all)
        self._error: BaseException | None = None
        self._times: dict[str, deque[float]] = {stage: deque(maxlen=_KEPT) for stage in STAGES}
        self._latencies: deque[float] = deque(maxlen=_KEPT)
        self._ends: deque[float] = deque()
        self._num_frames = 0
        self._final: Statistics | None = None
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> RealTimePipeline:
        release_openmp_threads()  # those that loaded the model; the network has another thread
        parts: tuple[tuple[Callable[..., None], tuple[Handover, ...]], ...] = (
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

    def __iter__(self) -> Iterator[FrameResult]:
        return (found for found in self.poll(None) if found is not None)

    def poll(self, seconds: float | None) -> Iterator[FrameResult | None]:
        """Iterates for callers that also do other things while there is no frame.

        Args:
            seconds: Time without a frame after which None is yielded; None waits forever.

        Raises:
            LitePoseError: A stage failed; all earlier results are yielded first.
        """
        while True:
            try:
                grabbed_at, found = self._found.take(seconds)
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
            yield found
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stops the source and all threads; repeated calls have no effect.

        If the source does not respond within a second, its thread ends later, at the latest with
        the process.
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
        """Calls a function, records its time for one of :data:`STAGES`, and returns its result."""
        start = perf_counter()
        value = function(*args)
        self._times[stage].append(perf_counter() - start)
        return value

    def statistics(self) -> Statistics:
        """Returns the current speed, or the final one once the pipeline is closed."""
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
        """Runs a stage to its end; its error is raised by the iteration."""
        try:
            part(*places)
        except Closed:
            pass
        except BaseException as error:
            self._error = self._error or error
        finally:
            places[-1].close()  # the next stage processes what is left, and ends

    def _forget_ends(self, now: float) -> None:
        while self._ends and now - self._ends[0] > _WINDOW:
            self._ends.popleft()

    def _grab(self, grabbed: Handover) -> None:
        frames = self.source.frames()
        while (frame := self.timed('grabbing', next, frames, None)) is not None:
            grabbed.put((monotonic(), frame))

    def _infer(self, grabbed: Handover, inferred: Handover) -> None:
        count = self.estimator.streams
        # One frame of a file waits for the network, which would make frames of a camera late.
        free = threading.Semaphore(count + (not self.source.is_live))
        with ThreadPoolExecutor(count) as streams:
            while True:
                free.acquire()
                grabbed_at, frame = grabbed.take()
                prepared = self.timed('preprocessing', self.estimator.prepare, frame.image)
                outputs = streams.submit(self.timed, 'network', self.estimator.infer, prepared)
                outputs.add_done_callback(lambda _: free.release())
                inferred.put((grabbed_at, frame, prepared, outputs))  # before they exist: in order

    def _decode(self, inferred: Handover, found: Handover) -> None:
        while True:
            grabbed_at, frame, prepared, pending = inferred.take()
            outputs = pending.result()
            result = self.timed('decoding', self._people, frame, prepared, outputs)
            found.put((grabbed_at, FrameResult(frame, result, prepared, outputs)))

    def _people(self, frame: Frame, prepared: Any, outputs: Any) -> PoseResult:
        result = self.estimator.finish(prepared, outputs).filter(self.min_score)
        return result if self.tracker is None else self.tracker(result, frame.time)
