import threading
import time

import numpy as np
import pytest
from pose_builders import make_result, make_skeleton

from litepose_mm.errors import LitePoseError
from litepose_mm.picture_estimator import PictureEstimator
from litepose_mm.realtime import Frame, RealTimePipeline, Source
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


class Estimator(PictureEstimator):
    """Two people on every frame; the network takes its time, and fails at a frame."""

    def __init__(self, seconds=0.0, fails_at=None):
        super().__init__(make_skeleton(), 1)
        self.seconds, self.fails_at = seconds, fails_at

    def _prepare(self, image):
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


@pytest.mark.parametrize('is_live', [False, True])
def test_threads_end_when_it_is_left_early(is_live):
    before = threading.active_count()
    with RealTimePipeline(Frames(10**6, is_live), Estimator()) as pipeline:
        next(iter(pipeline))
    assert threading.active_count() == before
    pipeline.close()
