"""PoseResult: what it accepts, how people are chosen, and its JSON and COCO forms."""

import json
import pickle
import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from pose_builders import make_result, make_skeleton

from litepose_mm import LitePoseError, PoseResult


@pytest.mark.parametrize(
    'changes, message',
    [
        ({'skeleton': 'coco'}, 'a Skeleton, got str'),
        ({'scores': np.ones((2, 1))}, r'scores: expected the shape \(any,\)'),
        (
            {'keypoints': np.ones((2, 3))},
            r'keypoints: expected the shape \(2, 3, 2\), got \(2, 3\)',
        ),
        ({'keypoints': np.ones((2, 4, 2))}, 'keypoints: expected'),
        ({'keypoints': 'abc'}, 'an array of numbers, got str'),
        ({'keypoints': np.full((2, 3, 2), np.inf)}, 'finite'),
        ({'keypoint_scores': np.ones((1, 3))}, 'keypoint_scores: expected'),
        ({'scores': [0.5, np.nan]}, 'finite'),
        ({'tags': np.ones(2)}, r'tags: expected the shape \(2, any\)'),
        ({'image_size': (0, 5)}, r'\(width, height\), got \(0, 5\)'),
        ({'image_size': (5.5, 5)}, 'whole'),
        ({'image_size': 5}, 'image_size'),
        ({'image_size': (np.inf, 5)}, 'image_size'),
        ({'source': 5}, 'source: expected'),
    ],
)
def test_refuses_what_does_not_fit(changes, message):
    good = make_result()
    fields = {name: getattr(good, name) for name in good.__dataclass_fields__}
    with pytest.raises(LitePoseError, match=message) as caught:
        PoseResult(**{**fields, **changes})
    assert '\n' not in str(caught.value)


def test_holds_float32_copies_that_cannot_change():
    keypoints = np.ones((2, 3, 2))
    result = make_result(keypoints=keypoints)
    keypoints[:] = 7
    assert result.keypoints.dtype == np.float32
    assert (result.keypoints == 1).all()
    with pytest.raises(ValueError):
        result.keypoints[0] = 2
    assert pickle.loads(pickle.dumps(result)) == result


def test_people_by_index():
    result = make_result(3)
    assert len(result) == 3
    assert [person.score for person in result] == [1.0, 0.5, pytest.approx(1 / 3)]
    person = result[-1]
    np.testing.assert_array_equal(person.keypoints, result.keypoints[2])
    np.testing.assert_array_equal(person.tag, result.tags[2])
    assert make_result(3, tags=None)[0].tag is None
    with pytest.raises(IndexError):
        result[3]


@pytest.mark.parametrize(
    'index, expected',
    [
        (slice(1, None), [1, 2]),
        ([2, 0], [2, 0]),
        ([], []),
        (np.array([True, False, True]), [0, 2]),
    ],
)
def test_several_people_are_a_result(index, expected):
    result = make_result(3)
    chosen = result[index]
    np.testing.assert_array_equal(chosen.scores, result.scores[expected])
    np.testing.assert_array_equal(chosen.tags, result.tags[expected])
    assert chosen.skeleton is result.skeleton
    assert chosen.source == result.source


def test_keypoints_that_were_found():
    result = make_result(1, keypoint_scores=[[0.3, 0, -0.1]])
    assert result.found().tolist() == result.found(0.3).tolist() == [[True, False, False]]
    assert not result.found(0.31).any()
    assert not result[-0:0].found().size


def test_filter_keeps_the_order():
    result = make_result(3, scores=[0.2, 0.9, 0.5])
    np.testing.assert_array_equal(result.filter(0.5).scores, np.float32([0.9, 0.5]))
    assert len(result.filter(1.1)) == 0


numbers = st.floats(-1e6, 1e6, width=32)


@settings(max_examples=50)
@given(data=st.data(), people=st.integers(0, 4), with_tags=st.booleans())
def test_survives_json(data, people, with_tags):
    def draw(*shape):
        return data.draw(npst.arrays(np.float32, shape, elements=numbers))

    result = make_result(
        people,
        keypoints=draw(people, 3, 2),
        keypoint_scores=draw(people, 3),
        scores=draw(people),
        tags=draw(people, 2) if with_tags else None,
        source=data.draw(st.none() | st.text()),
    )
    again = PoseResult.from_dict(json.loads(json.dumps(result.to_dict(), allow_nan=False)))
    assert again == result
    np.testing.assert_array_equal(again.keypoints, result.keypoints)
    assert again.keypoints.shape == result.keypoints.shape


@pytest.mark.parametrize('document', [{}, {'skeleton': {}}, {**make_result().to_dict(), 'more': 1}])
def test_from_dict_refuses_other_documents(document):
    with pytest.raises(LitePoseError, match='to_dict'):
        PoseResult.from_dict(document)


def test_to_coco():
    result = make_result(1, keypoints=[[[1, 2], [3, 4.5], [5, 6]]], scores=[0.9])
    assert result.to_coco(image_id=7) == [
        {
            'image_id': 7,
            'category_id': 1,
            'keypoints': [1, 2, 0.75, 3, 4.5, 0.75, 5, 6, 0.75],
            'score': pytest.approx(0.9),
        }
    ]
    assert result.to_coco(7, category_id=3, with_bbox=True)[0]['bbox'] == [1, 2, 4, 4]
    assert json.dumps(result.to_coco(7))


def test_bboxes_leave_out_keypoints_without_score():
    result = make_result(
        2,
        keypoints=[[[1, 2], [3, 4], [50, 60]], [[1, 2], [3, 4], [5, 6]]],
        keypoint_scores=[[0.5, 0.5, 0], [0, 0, 0]],
    )
    np.testing.assert_array_equal(result.bboxes, [[1, 2, 3, 4], [1, 2, 5, 6]])


def test_nobody():
    nobody = make_result(0)
    assert len(nobody) == 0
    assert list(nobody) == []
    assert nobody.to_coco(1, with_bbox=True) == []
    assert nobody.bboxes.shape == (0, 4)
    assert len(nobody.filter(0.5)) == 0
    assert PoseResult.from_dict(nobody.to_dict()) == nobody
    image = np.full((48, 64, 3), 9, np.uint8)
    np.testing.assert_array_equal(nobody.draw(image), image)


def test_is_a_value():
    assert make_result() == make_result()
    assert make_result() != make_result(source=None)
    assert make_result() != 5
    assert repr(make_result()) == (
        "PoseResult(2 people, 3 keypoints (mini), 64x48, source='somewhere.jpg')"
    )


def test_draw_reads_the_source_again(tmp_path):
    path = tmp_path / 'gray.png'
    cv2.imwrite(str(path), np.full((48, 64, 3), 128, np.uint8))
    drawing = make_result(source=str(path)).draw()
    assert drawing.shape == (48, 64, 3)
    assert (drawing != 128).any()


def test_draw_without_an_image_says_so():
    with pytest.raises(LitePoseError, match=r'pass it: result.draw\(image\)'):
        make_result(source=None).draw()


def test_any_number_of_keypoints():
    names = [f'joint {index}' for index in range(133)]
    skeleton = make_skeleton(
        keypoint_names=names, flip_indices=range(133), sigmas=[0.05] * 133, keypoint_colors=None
    )
    result = make_result(2, skeleton=skeleton)
    assert len(result.to_coco(1)[0]['keypoints']) == 399
    assert result.draw(np.zeros((48, 64, 3), np.uint8)).any()


def test_results_images_and_drawings_need_no_torch():
    code = (
        'import sys, litepose_mm.structures, litepose_mm.visualization, litepose_mm.media; '
        'heavy = {"torch", "mmpose", "mmengine", "mmcv"} & set(sys.modules); '
        'assert not heavy, heavy'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
