"""Top-down networks take boxes, and find what MMPose finds in them."""

import cv2
import numpy as np
import pytest
from exported import tiny_estimator
from mmpose.apis import inference_topdown
from topdown_models import BOXES, IMAGE, MODELS, assert_same_poses, topdown, well_placed

from litepose_mm.apis.mmpose_estimator import MMPoseEstimator, _people
from litepose_mm.errors import LitePoseError
from litepose_mm.inference.estimator import Estimator


@pytest.mark.skipif(
    int(cv2.__version__.partition('.')[0]) > 4,
    reason="MMPose's warp of OpenCV 5 interpolates between other positions, see resize.py",
)
@pytest.mark.parametrize('flip_test', [False, True])
@pytest.mark.parametrize('name', MODELS)
def test_finds_what_mmpose_finds(name, flip_test):
    estimator = topdown(name, flip_test)
    assert estimator.takes_boxes and isinstance(estimator._inner, Estimator)
    people = estimator(IMAGE, boxes=BOXES)
    assert len(people) == len(BOXES) and people.tags is None
    samples = inference_topdown(estimator.model, IMAGE, BOXES)
    expected = _people(samples, estimator.skeleton, None)
    assert_same_poses(people, expected, pixels=1e-3, where=well_placed(estimator))


def test_what_only_mmpose_decodes():
    combined = topdown('combined', flip_test=False)
    assert isinstance(combined._inner, MMPoseEstimator)
    assert len(combined(IMAGE, boxes=BOXES)) == 3


def test_boxes_of_lists_and_results():
    estimator = topdown('heatmap')
    people = estimator(IMAGE, boxes=BOXES)
    together = estimator([IMAGE, IMAGE], boxes=[BOXES, BOXES[:1]])
    assert_same_poses(together[0], people)
    assert_same_poses(together[1], people[:1])
    assert_same_poses(estimator(IMAGE), people[2:])  # the whole image
    assert len(estimator(IMAGE, boxes=people)) == 3
    assert len(estimator(IMAGE, boxes=np.zeros((0, 4)))) == 0
    assert len(estimator(IMAGE, boxes=people[:0])) == 0


def test_all_people_of_an_image_pass_through_the_network_at_once(monkeypatch):
    estimator, sizes = topdown('heatmap'), []
    run = estimator.engine._run
    monkeypatch.setattr(estimator.engine, '_run', lambda x: sizes.append(len(x)) or run(x))
    estimator(IMAGE, boxes=BOXES)
    assert sizes == [3]


@pytest.mark.parametrize('boxes', [[[5, 5, 5, 9]], [[0, 0, np.nan, 3]], [1, 2, 3], 'boxes'])
def test_refuses_boxes(boxes):
    with pytest.raises(LitePoseError, match='boxes: expected left, top, right and bottom'):
        topdown('heatmap')(IMAGE, boxes=boxes)


@pytest.mark.parametrize('box', [[160, 0, 170, 9], [-9, 0, 0, 9], [0, -9, 9, -1], [0, 120, 9, 130]])
def test_refuses_boxes_outside_the_image(box):
    with pytest.raises(LitePoseError, match='on the image of 160x120') as caught:
        topdown('heatmap')(IMAGE, boxes=[*BOXES, box])
    assert str([float(side) for side in box]) in str(caught.value)


def test_refuses_people_of_another_image():
    people = topdown('heatmap')(IMAGE[:100], boxes=BOXES[:1])
    with pytest.raises(LitePoseError, match='people on an image of 160x120'):
        topdown('heatmap')(IMAGE, boxes=people)


def test_bottom_up_models_take_none():
    with pytest.raises(LitePoseError, match='boxes: expected'):
        tiny_estimator()(IMAGE, boxes=BOXES)
