import threading
import time

import numpy as np
import pytest
from pose_builders import make_result, make_skeleton

from litepose_mm.errors import LitePoseError
from litepose_mm.inference.base import BaseEstimator
from litepose_mm.realtime import Frame, RealTimePipeline, Source
from litepose_mm.realtime import pipeline as pipeline_module
from litepose_mm.tracking import PoseTracker


class Frames(Source):
    """Frames whose first pixel is their number."""

    name = 'frames'

    def __init__(self, count, is_live=False, pause=0.0):
        super().__init__()
        self.count, self.is_live, self.pause = count, is_live, pause

    def frames(self):
        for number in range(self.count):
            if self._stopped.is_set():
                return
            time.sleep(self.pause)
            yield Frame(np.full((48, 64, 3), number % 256, np.uint8), number, number / 25)


class Estimator(BaseEstimator):
    """Two people on every frame; the network takes its time, and fails at a frame."""

    def __init__(self, seconds=0.0, fails_at=None):
        super().__init__(make_skeleton(), 1)
        self.seconds, self.fails_at = seconds, fails_at

    def _prepare(self, image, boxes):
        return int(image[0, 0, 0])

    def _input_shape(self, prepared):
        return ()

    def _infer(self, inputs):
        time.sleep(self.seconds)
        if inputs[0] == self.fails_at:
            raise LitePoseError('the network broke')
        return inputs

    def _finish(self, inputs, outputs, sources):
        return [make_result(source=None)]


def test_every_frame_of_a_file_is_looked_at_in_order():
    with RealTimePipeline(Frames(40), Estimator(), PoseTracker()) as pipeline:
        shown = list(pipeline)
    assert [each.frame.number for each in shown] == list(range(40))
    assert [each.outputs for each in shown] == [[number] for number in range(40)]
    assert all(each.result.ids.tolist() == [0, 1] for each in shown)
    statistics = pipeline.statistics()
    assert (statistics.num_frames, statistics.num_dropped) == (40, 0)
    assert set(statistics.milliseconds) == {'grabbing', 'preprocessing', 'network', 'decoding'}
    assert statistics.fps > 0 and statistics.latency > 0


class Streams(Estimator):
    """A network for two frames at once, which waits for the second one; even frames take longer."""

    streams = 2

    def __init__(self):
        super().__init__()
        self.both = threading.Barrier(2)

    def _infer(self, inputs):
        self.both.wait(timeout=10)
        time.sleep(0.01 if inputs[0] % 2 == 0 else 0)
        return inputs


def test_streams_process_frames_at_once_and_keep_their_order():
    with RealTimePipeline(Frames(20), Streams()) as pipeline:
        shown = list(pipeline)
    assert [each.frame.number for each in shown] == list(range(20))
    assert [each.outputs for each in shown] == [[number] for number in range(20)]


def test_the_newest_frame_of_a_camera_wins():
    source = Frames(200, is_live=True, pause=0.001)
    with RealTimePipeline(source, Estimator(seconds=0.02)) as pipeline:
        numbers = [each.frame.number for each in pipeline]
    assert numbers == sorted(numbers) and len(numbers) < 100
    assert pipeline.statistics().num_dropped + len(numbers) == 200
    assert numbers[-1] == 199  # what came last is looked at


def test_weak_people_are_dropped():
    with RealTimePipeline(Frames(1), Estimator(), min_score=0.7) as pipeline:
        (shown,) = pipeline
    assert len(shown.result) == 1 and shown.result.ids is None


@pytest.mark.parametrize('is_live', [False, True])
def test_an_error_of_a_part_is_raised_where_frames_are_taken(is_live):
    pipeline = RealTimePipeline(Frames(9, is_live, pause=0.01), Estimator(fails_at=3))
    with pytest.raises(LitePoseError, match='the network broke'), pipeline:
        for shown in pipeline:
            assert shown.frame.number < 3


class Broken(Frames):
    """Breaks after its frames."""

    def frames(self):
        yield from super().frames()
        raise LitePoseError('cut short')


def test_what_came_before_an_error_is_looked_at():
    numbers = []
    with (
        pytest.raises(LitePoseError, match='cut short'),
        RealTimePipeline(Broken(5), Estimator(seconds=0.01)) as pipeline,
    ):
        for shown in pipeline:
            numbers.append(shown.frame.number)
    assert numbers == [0, 1, 2, 3, 4]


class Stalling(Frames):
    """After its frames, the thread that reads is kept, whoever wants it to stop."""

    def __init__(self, count):
        super().__init__(count, is_live=True, pause=0.001)
        self.answers = threading.Event()

    def frames(self):
        yield from super().frames()
        self.answers.wait(60)


def test_a_source_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(pipeline_module, '_PATIENCE', 0.05)
    source = Stalling(1)
    start = time.monotonic()
    with RealTimePipeline(source, Estimator()) as pipeline:
        frames = pipeline.poll(0.02)
        assert next(frames).frame.number == 0
        assert next(frames) is None and next(frames) is None
    assert time.monotonic() - start < 5
    source.answers.set()


def test_statistics_stay_when_it_is_closed(monkeypatch):
    with RealTimePipeline(Frames(20), Estimator()) as pipeline:
        for _ in pipeline:
            pass
        pipeline.timed('drawing', time.sleep, 0.002)
    statistics = pipeline.statistics()
    assert statistics.fps > 0 and statistics.milliseconds['drawing'] >= 2
    monkeypatch.setattr(pipeline_module, 'monotonic', lambda: time.monotonic() + 60)
    assert pipeline.statistics() == statistics


def test_nothing_is_kept_of_frames_long_past(monkeypatch):
    monkeypatch.setattr(pipeline_module, '_WINDOW', 0.01)
    with RealTimePipeline(Frames(50), Estimator(seconds=0.001)) as pipeline:
        assert len(list(pipeline)) == 50
        assert len(pipeline._ends) < 20


@pytest.mark.parametrize('is_live', [False, True])
def test_threads_end_when_it_is_left_early(is_live):
    before = threading.active_count()
    with RealTimePipeline(Frames(10**6, is_live), Estimator()) as pipeline:
        next(iter(pipeline))
    assert threading.active_count() == before
    pipeline.close()
