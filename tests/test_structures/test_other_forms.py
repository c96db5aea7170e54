"""Results from COCO's form, and in supervision's."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from pose_builders import make_result, make_skeleton

from litepose_mm import LitePoseError, PoseResult

SIZE = (64, 48)


def again(result, people=None):
    people = result.to_coco(7, with_bbox=True) if people is None else people
    return PoseResult.from_coco(people, result.skeleton, result.image_size, result.source)


@pytest.mark.parametrize('people', [0, 1, 3])
@pytest.mark.parametrize('followed', [False, True])
def test_coco_gives_the_same_people_again(people, followed):
    ids = list(range(5, 5 + people)) if followed and people else None
    result = make_result(people, tags=None, ids=ids)
    assert again(result) == result


def test_annotated_people_have_whole_scores():
    person = {'image_id': 1, 'keypoints': [1, 2, 2, 3, 4, 1, 0, 0, 0], 'category_id': 1, 'area': 9}
    result = PoseResult.from_coco([person, dict(person, score=0.5)], make_skeleton(), SIZE)
    np.testing.assert_array_equal(result.keypoint_scores, [[1, 1, 0], [2, 1, 0]])
    np.testing.assert_array_equal(result.scores, [1, 0.5])
    np.testing.assert_array_equal(result.keypoints[0], [[1, 2], [3, 4], [0, 0]])


@pytest.mark.parametrize(
    ('people', 'message'),
    [
        ([{'image_id': 1}], "9 numbers as keypoints, got something else: KeyError: 'keypoints'"),
        ([{'keypoints': [1, 2, 3]}], '9 numbers as keypoints'),
        ([{'keypoints': 'abc'}], '9 numbers as keypoints'),
        ([{'keypoints': None}], '9 numbers as keypoints'),
        ({'annotations': []}, '9 numbers as keypoints'),
        (5, '9 numbers as keypoints'),
        ([{'keypoints': [0] * 9, 'image_id': []}], '9 numbers as keypoints'),
        ([{'keypoints': [0] * 9, 'image_id': image} for image in (3, 4)], '3, 4'),
        ([{'keypoints': [np.nan] * 9, 'score': 1}], 'finite'),
        ([{'keypoints': [0] * 9, 'score': 'high'}], '9 numbers as keypoints'),
        ([{'keypoints': [0] * 9, 'track_id': 1}] * 2, 'whole numbers'),
    ],
)
def test_refuses_other_forms(people, message):
    with pytest.raises(LitePoseError) as caught:
        again(make_result(), people)
    assert message in str(caught.value) and '\n' not in str(caught.value)


def result_with_a_missing_keypoint():
    result = make_result(ids=[4, 2])
    keypoints, scores = result.keypoints.copy(), result.keypoint_scores.copy()
    keypoints[0, 1], scores[0, 1] = 0, 0
    return replace(result, keypoints=keypoints, keypoint_scores=scores)


def assert_has_the_people(points, result):
    np.testing.assert_array_equal(points.xy, result.keypoints)
    np.testing.assert_array_equal(points.keypoint_confidence, result.keypoint_scores)
    np.testing.assert_array_equal(points.detection_confidence, result.scores)
    np.testing.assert_array_equal(points.visible, [[True, False, True], [True, True, True]])
    np.testing.assert_array_equal(points.data['tracker_id'], [4, 2])
    assert points.class_id.tolist() == [0, 0]
    assert points.xy.flags.writeable  # its trackers and annotators may


def test_supervision(monkeypatch):
    module = SimpleNamespace(KeyPoints=SimpleNamespace)
    monkeypatch.setitem(sys.modules, 'supervision', module)
    result = result_with_a_missing_keypoint()
    assert_has_the_people(result.to_supervision(), result)
    assert make_result(0).to_supervision().xy.shape == (0, 3, 2)
    assert make_result(2).to_supervision().data == {}


def test_supervision_itself():
    supervision = pytest.importorskip('supervision')
    result = result_with_a_missing_keypoint()
    points = result.to_supervision()
    assert_has_the_people(points, result)
    np.testing.assert_allclose(points.as_detections().xyxy, result.bboxes)
    edges = [(start + 1, end + 1) for start, end in result.skeleton.links]
    image = np.zeros((48, 64, 3), np.uint8)
    assert supervision.EdgeAnnotator(edges=edges).annotate(image, points).any()
    assert len(make_result(0).to_supervision()) == 0


def test_supervision_is_missing_or_old(monkeypatch):
    def old(xy, class_id=None, confidence=None, data=None):
        raise AssertionError

    monkeypatch.setitem(sys.modules, 'supervision', SimpleNamespace(KeyPoints=old))
    with pytest.raises(LitePoseError, match='0.29 or newer; pip install -U supervision'):
        make_result().to_supervision()
    monkeypatch.setitem(sys.modules, 'supervision', None)
    with pytest.raises(LitePoseError, match='pip install -U supervision') as caught:
        make_result().to_supervision()
    assert '\n' not in str(caught.value)
