"""People are followed by boxes around their keypoints, and detected now and then."""

import numpy as np
import pytest
from pose_builders import make_skeleton

from litepose_mm.errors import LitePoseError
from litepose_mm.inference.base import BaseEstimator
from litepose_mm.realtime import RealTimePipeline
from litepose_mm.realtime.sources import Frame
from litepose_mm.structures import PoseResult
from litepose_mm.tracking import PoseTracker, TrackedCascade

SHAPE = np.array([[0, -10], [-8, 10], [8, 10]])  # the keypoints of a person around its centre


def frame(*centres, size=(160, 120)):
    """An image that shows people: a pixel of 200 at each centre."""
    image = np.zeros((size[1], size[0], 3), np.uint8)
    for x, y in centres:
        image[y, x] = 200
    return image


def poses(image, centres, scores):
    count = len(centres)
    return PoseResult(
        keypoints=np.reshape(centres, (count, 1, 2)) + SHAPE if count else np.zeros((0, 3, 2)),
        keypoint_scores=np.repeat(np.reshape(scores, (count, 1)), 3, axis=1),
        scores=scores,
        skeleton=make_skeleton(),
        image_size=image.shape[1::-1],
    )


class Fake(BaseEstimator):
    """Sees the people of :func:`frame`; with boxes, one in the middle of each."""

    def __init__(self, takes_boxes):
        super().__init__(make_skeleton(), 1)
        self._takes_boxes, self.calls = takes_boxes, 0

    @property
    def takes_boxes(self):
        return self._takes_boxes

    def _prepare(self, image, boxes):
        return image, boxes

    def _input_shape(self, prepared):
        return prepared[0].shape

    def _infer(self, inputs):
        self.calls += 1
        return inputs

    def _finish(self, inputs, outputs, sources):
        return [self._see(*each) for each in outputs]

    def _see(self, image, boxes):
        people = np.argwhere(image[..., 0])[:, ::-1]
        if not self._takes_boxes:
            return poses(image, people, np.full(len(people), 0.9))
        found = []
        for left, top, right, bottom in boxes:
            inside = (people > (left, top)).all(axis=1) & (people < (right, bottom)).all(axis=1)
            middle = np.array([left + right, top + bottom]) / 2
            near = sorted(people[inside].tolist(), key=lambda at: np.abs(at - middle).sum())
            found.append((*near[0], 0.8) if near else (*middle, 0.0))
        found = np.reshape(found, (-1, 3))
        return poses(image, found[:, :2], found[:, 2])


@pytest.fixture
def parts():
    return Fake(False), Fake(True)


def test_a_walk_with_few_detections(parts):
    detector, estimator = parts
    cascade = TrackedCascade(detector, estimator, every=4)
    for step in range(10):
        found = cascade(frame((30 + 5 * step, 60), (120, 40 + 3 * step)))
        assert len(found) == 2
        np.testing.assert_allclose(found.keypoints[:, 0, 0].min(), 30 + 5 * step)
    assert detector.calls == 3 and estimator.calls == 10


def test_new_people_wait_for_the_next_detection(parts):
    cascade = TrackedCascade(*parts, every=3)
    frames = [frame((40, 60)), *[frame((40, 60), (120, 60))] * 3]
    assert [len(cascade(each)) for each in frames] == [1, 1, 1, 2]


def test_the_detector_runs_while_nobody_is_there(parts):
    detector, _ = parts
    cascade = TrackedCascade(*parts, every=100)
    assert [len(cascade(each)) for each in [frame()] * 3] == [0, 0, 0] and detector.calls == 3
    assert len(cascade(frame((40, 60)))) == 1 and detector.calls == 4
    assert cascade(frame()).scores.tolist() == [0]  # the box of somebody who has left
    assert len(cascade(frame((120, 60)))) == 1 and detector.calls == 5


def test_another_size_starts_anew(parts):
    detector, _ = parts
    cascade = TrackedCascade(*parts, every=100)
    for size in ((160, 120), (160, 120), (120, 160)):
        assert len(cascade(frame((60, 60), size=size))) == 1
    assert detector.calls == 2


def test_two_boxes_that_meet_on_one_person(parts):
    cascade = TrackedCascade(*parts, every=100)
    assert len(cascade(frame((62, 60), (74, 60)))) == 2
    assert len(cascade(frame((68, 60)))) == 1


def test_lists_are_sequences(parts):
    detector, _ = parts
    frames = [frame((30 + step, 60)) for step in range(6)]
    results = TrackedCascade(*parts, every=3)(frames)
    assert [each.keypoints[0, 0, 0] for each in results] == [30 + step for step in range(6)]
    assert detector.calls == 2


class Source:
    is_live = False
    num_failed = 0

    def frames(self):
        for step in range(12):
            yield Frame(frame((30 + step, 60), (120, 40)), step, step / 30)

    def stop(self):
        pass


def test_in_a_pipeline(parts):
    detector, estimator = parts
    cascade = TrackedCascade(detector, estimator, every=5)
    with RealTimePipeline(Source(), cascade, PoseTracker(smoothing=False)) as pipeline:
        found = [each.result for each in pipeline]
    assert len(found) == 12 and detector.calls == 3
    for step, result in enumerate(found):
        ids = dict(zip(result.ids.tolist(), result.keypoints[:, 0, 0].tolist(), strict=True))
        assert sorted(ids) == [0, 1] and 30 + step in ids.values()
    assert len({result.ids[result.keypoints[:, 0, 1].argmin()] for result in found}) == 1


@pytest.mark.parametrize('every', [0, -1, 2.5, True])
def test_wrong_numbers_are_refused(parts, every):
    with pytest.raises(LitePoseError, match='every: expected a positive integer'):
        TrackedCascade(*parts, every=every)
