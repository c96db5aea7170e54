"""Top-down networks take boxes, and find what MMPose finds in them."""

import cv2
import numpy as np
import pytest
from exported import PoseEstimator as TorchEstimator
from exported import export, tiny_estimator

from litepose_mm.apis.mmpose_estimator import MMPoseEstimator
from litepose_mm.datasets.synthetic import SceneOptions, make_scene
from litepose_mm.errors import LitePoseError
from litepose_mm.runtime import PoseEstimator
from litepose_mm.utils.paths import config_path

IMAGE = make_scene(SceneOptions((160, 120)), seed=0, index=0).image
BOXES = np.array([[10, 5, 70, 110], [60.5, 20, 150, 90], [0, 0, 160, 120]], np.float32)


@pytest.fixture(scope='module')
def topdown():
    config = config_path('td-hm_litepose-s_8xb64-210e_coco-256x192')
    with pytest.warns(UserWarning, match='random'):
        return TorchEstimator(config, device='cpu')


def assert_same(one, other):
    # MMPose gives the heatmap's value, also where it is below 0 and the keypoint is missing.
    np.testing.assert_allclose(one.keypoint_scores, other.keypoint_scores.clip(min=0), atol=1e-5)
    np.testing.assert_allclose(one.scores, one.keypoint_scores.mean(axis=1), atol=1e-5)
    found = one.keypoint_scores > 1e-4
    np.testing.assert_allclose(one.keypoints[found], other.keypoints[found], atol=0.01)


@pytest.mark.skipif(
    int(cv2.__version__.partition('.')[0]) > 4,
    reason="MMPose's warp of OpenCV 5 interpolates between other positions, see resize.py",
)
def test_finds_what_mmpose_finds(topdown):
    result = topdown(IMAGE, boxes=BOXES)
    assert len(result) == 3 and result.tags is None and topdown.takes_boxes
    assert_same(result, MMPoseEstimator(topdown.model)(IMAGE, boxes=BOXES))


def test_boxes_of_lists_and_results(topdown):
    people = topdown(IMAGE, boxes=BOXES)
    together = topdown([IMAGE, IMAGE], boxes=[BOXES, BOXES[:1]])
    assert_same(together[0], people)
    assert_same(together[1], people[:1])
    assert_same(topdown(IMAGE), people[2:])  # the whole image
    assert len(topdown(IMAGE, boxes=people)) == 3
    assert len(topdown(IMAGE, boxes=np.zeros((0, 4)))) == 0


@pytest.mark.parametrize('boxes', [[[5, 5, 5, 9]], [[0, 0, np.nan, 3]], [1, 2, 3], 'boxes'])
def test_refuses_boxes(topdown, boxes):
    with pytest.raises(LitePoseError, match='boxes: expected left, top, right and bottom'):
        topdown(IMAGE, boxes=boxes)


def test_bottom_up_models_take_none():
    tiny = tiny_estimator()
    with pytest.raises(LitePoseError, match='boxes: expected'):
        tiny(IMAGE, boxes=BOXES)


@pytest.mark.parametrize('engine', ['onnxruntime', 'openvino'])
def test_exported(topdown, tmp_path, engine):
    estimator = PoseEstimator(export(topdown, tmp_path / 'model', engine), threads=1)
    assert estimator.card.resize.padding == 1.25 and estimator.card.input_shape == (256, 192)
    own, torchs = (each(IMAGE, boxes=BOXES) for each in (estimator, topdown))
    np.testing.assert_allclose(own.keypoint_scores, torchs.keypoint_scores, atol=1e-4)
