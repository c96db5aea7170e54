"""AP of results against annotation files that share some keypoints."""

import json

import numpy as np
import pytest
from pose_builders import make_result, make_skeleton

from litepose_mm import LitePoseError
from litepose_mm.evaluation.functional.average_precision import Truth

NAMES = ('left_hand', 'tail', 'head')  # of the file; the skeleton has head and both hands


def write(path, results, crowd=False, areas=True):
    """An annotation file to which ``results`` are perfect."""
    annotations = []
    for number, result in results.items():
        for person, box in zip(result, result.bboxes):
            head, left, _ = person.keypoints
            x, y, right, bottom = box.tolist()
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=number,
                    category_id=1,
                    iscrowd=0,
                    bbox=[x, y, right - x, bottom - y],
                    keypoints=[*left.tolist(), 2, 5, 5, 2, *head.tolist(), 1],
                    num_keypoints=3,
                    **(dict(area=(right - x) * (bottom - y)) if areas else {}),
                )
            )
    images = [
        dict(id=number, file_name=f'{number}.jpg', width=64, height=48)
        | (dict(crowdIndex=0.5) if crowd else {})
        for number in results
    ]
    categories = [dict(id=1, name='person', keypoints=list(NAMES), skeleton=[])]
    path.write_text(json.dumps(dict(images=images, annotations=annotations, categories=categories)))
    return Truth.load(path, make_skeleton())


@pytest.fixture
def results():
    return {7: make_result(3), 9: make_result(1)}


@pytest.mark.parametrize('crowd, areas', [(False, True), (True, False)])
def test_perfect_and_not(tmp_path, results, crowd, areas):
    truth = write(tmp_path / 'a.json', results, crowd, areas)
    assert truth.keypoints == (0, 1)  # head and left hand, as the skeleton has them
    assert truth.files == {7: '7.jpg', 9: '9.jpg'}
    assert truth.average_precision(results) == pytest.approx(100)
    far = make_result(1, keypoints=np.full((1, 3, 2), 500.0))
    assert 0 < truth.average_precision({7: results[7], 9: far}) < 90
    assert truth.average_precision({9: far}) == 0
    assert truth.average_precision({7: make_result(0)}) == 0


@pytest.mark.parametrize('crowd', [False, True])
def test_interval(tmp_path, crowd):
    results = {number: make_result(1 + number % 2) for number in range(12)}
    truth = write(tmp_path / 'a.json', results, crowd)
    assert truth.confidence_interval(results, num_samples=10) == pytest.approx((100, 100))
    far = make_result(1, keypoints=np.full((1, 3, 2), 500.0))
    mixed = {number: far if number % 3 == 0 else own for number, own in results.items()}
    low, high = truth.confidence_interval(mixed, num_samples=200)
    assert 0 <= low < truth.average_precision(mixed) < high <= 100
    narrow = truth.confidence_interval(mixed, share=0.5, num_samples=200)
    assert low < narrow[0] < narrow[1] < high
    nobody = dict.fromkeys(results, make_result(0))
    assert truth.confidence_interval(nobody) == (0, 0)


def test_keypoints_that_the_file_lacks_do_not_count(tmp_path, results):
    truth = write(tmp_path / 'a.json', results)
    keypoints = results[7].keypoints.copy()
    keypoints[:, 2] += 1000
    assert truth.average_precision(
        {7: make_result(3, keypoints=keypoints), 9: results[9]}
    ) == pytest.approx(100)


@pytest.mark.parametrize(
    'text, message',
    [
        ('{', 'a.json: .*JSON'),
        ('{"categories": []}', 'a.json: expected a mapping with the lists images and annotations'),
        (
            '{"categories": [{"id": 1, "keypoints": ["tail"]}], "annotations": [{"id": 1, '
            '"image_id": 1, "keypoints": [1, 1, 2]}], "images": [{"id": 1, "file_name": "a.jpg"}]}',
            'a.json: expected keypoints head, left_hand, right_hand, got tail',
        ),
        (
            '{"categories": [{"id": 1, "keypoints": ["head"]}], "annotations": [{"id": 1}], '
            '"images": [{"id": 1, "file_name": "a.jpg"}]}',
            'a.json: missing field: annotation 1: image_id',
        ),
    ],
)
def test_refused(tmp_path, text, message):
    (tmp_path / 'a.json').write_text(text)
    with pytest.raises(LitePoseError, match=message):
        Truth.load(tmp_path / 'a.json', make_skeleton())
    with pytest.raises(LitePoseError, match='b.json: No such file'):
        Truth.load(tmp_path / 'b.json', make_skeleton())
