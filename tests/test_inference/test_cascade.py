"""One model finds people, and another one their keypoints."""

import pickle

import numpy as np
import pytest
from exported import tiny_estimator
from pose_builders import make_skeleton
from topdown_models import BOXES, IMAGE, assert_same_poses, topdown

from litepose_mm import Cascade
from litepose_mm.errors import LitePoseError
from litepose_mm.inference.base import BaseEstimator
from litepose_mm.inference.boxes import boxes_around
from litepose_mm.structures import PoseResult


class Detector(BaseEstimator):
    """Finds people at the corners of :data:`BOXES`, the last with a low score."""

    scores = (0.9, 0.2, 0.05)

    def __init__(self, batch_size=1):
        super().__init__(make_skeleton(), batch_size)
        self.boxes, self.calls = BOXES, []

    def _prepare(self, image, boxes):
        return image

    def _input_shape(self, prepared):
        return prepared.shape

    def _infer(self, inputs):
        self.calls.append(len(inputs))
        return inputs

    def _finish(self, inputs, outputs, sources):
        return [self._people(image) for image in inputs]

    def _people(self, image):
        corners = np.asarray(self.boxes).reshape(-1, 2, 2)
        return PoseResult(
            keypoints=np.concatenate([corners, corners[:, :1]], axis=1),
            keypoint_scores=np.ones((len(corners), 3)),
            scores=self.scores[: len(corners)],
            skeleton=self.skeleton,
            image_size=image.shape[1::-1],
        )


def test_people_get_keypoints_in_their_boxes():
    detector, estimator = Detector(), topdown('heatmap')
    cascade = Cascade(detector, estimator)
    found = cascade(IMAGE)
    assert found.skeleton == estimator.skeleton and not cascade.takes_boxes
    people = detector(IMAGE)
    assert_same_poses(found, estimator(IMAGE, boxes=boxes_around(people[:2])))


def test_lists_and_images_without_people():
    detector, estimator = Detector(batch_size=2), topdown('heatmap')
    cascade = Cascade(detector, estimator)
    results = cascade([IMAGE, IMAGE[::-1].copy(), IMAGE[:100]])
    assert detector.calls == [2, 1] and [len(each) for each in results] == [2, 2, 2]
    assert_same_poses(results[0], cascade(IMAGE))
    detector.boxes = []
    assert len(cascade(IMAGE)) == 0
    assert [len(each) for each in cascade([IMAGE, IMAGE])] == [0, 0]


def test_one_person_in_two_boxes_is_found_once():
    detector, estimator = Detector(), topdown('heatmap')
    detector.boxes = [BOXES[0], BOXES[0], BOXES[1]]
    detector.scores = [1, 0.9, 0.8]
    assert len(Cascade(detector, estimator)(IMAGE)) == 2


def test_a_model_of_this_package_detects():
    tiny = tiny_estimator()
    cascade = Cascade(tiny, topdown('simcc'))
    people = tiny(IMAGE).filter(0.1)
    assert 0 < len(cascade(IMAGE)) <= len(people)
    assert cascade(IMAGE) == cascade([IMAGE])[0]


def test_other_models_are_refused():
    with pytest.raises(LitePoseError, match='detector: expected a bottom-up'):
        Cascade(topdown('heatmap'), topdown('heatmap'))
    with pytest.raises(LitePoseError, match='estimator: expected a top-down'):
        Cascade(Detector(), Detector())


def test_copies():
    cascade = Cascade(tiny_estimator(), topdown('heatmap'))
    assert pickle.loads(pickle.dumps(cascade))(IMAGE) == cascade(IMAGE)
