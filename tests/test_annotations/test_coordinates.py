"""Keypoints and boxes that are no pixels of the image."""

import json

import numpy as np
import pytest

from litepose_mm.annotations import Check, read_people
from litepose_mm.errors import LitePoseError

SIZE = np.array([640, 480])


@pytest.fixture(autouse=True)
def notices(monkeypatch):
    """What reading says of files that it takes as they are."""
    told = []
    monkeypatch.setattr(
        'litepose_mm.annotations.document.print_log',
        lambda text, logger, level: told.append(text),
    )
    return told


def document(change=lambda points, box: (points, box), count=8):
    """People with 17 keypoints in their boxes, as ``change(points, box)`` would write them."""
    rng = np.random.default_rng(0)
    annotations = []
    for number in range(1, count + 1):
        corner, size = rng.uniform(100, 250, 2), rng.uniform(60, 120, 2)
        points = corner + size * rng.uniform(0, 1, (17, 2))
        points, box = change(points, np.concatenate([corner, size]))
        person = dict(id=number, image_id=1, category_id=1, iscrowd=0, num_keypoints=17)
        keypoints = np.column_stack([points, np.full(17, 2)]).ravel().tolist()
        area = float(box[2] * box[3]) / 2
        annotations.append(dict(person, bbox=box.tolist(), area=area, keypoints=keypoints))
    return dict(
        images=[dict(id=1, file_name='1.png', width=640, height=480)],
        annotations=annotations,
        categories=[dict(id=1, name='person', keypoints=[f'k{n}' for n in range(17)])],
    )


def of_image(box):
    return box / np.tile(SIZE, 2)


FRACTIONS = {
    'keypoints': lambda points, box: (points / SIZE, box),
    'keypoints and boxes': lambda points, box: (points / SIZE, of_image(box)),
    'keypoints of the box': lambda points, box: ((points - box[:2]) / box[2:], box),
    'some outside the image': lambda points, box: (points / SIZE * 1.3, box),
}
ODD = {
    'from the corner of the box': lambda points, box: (points - box[:2], box),
    'boxes by the centre': lambda points, box: (points, box + [*box[2:] / 2, 0, 0]),
    'x and y exchanged': lambda points, box: (points[:, ::-1] * [1, 2], box * [2, 1, 1, 1]),
    'of the image in half the size': lambda points, box: (points / 2, box),
    'missing ones labelled': lambda points, box: (points * (np.arange(17) > 5)[:, None], box),
    'keypoints in percent': lambda points, box: (100 * points / SIZE, box),
    'all in percent': lambda points, box: (100 * points / SIZE, 100 * of_image(box)),
}


def test_pixels_are_right(tmp_path, notices):
    (tmp_path / 'a.json').write_text(json.dumps(document()))
    read_people(tmp_path / 'a.json')
    assert Check(document()).problems == [] and not notices


@pytest.mark.parametrize('name', FRACTIONS)
def test_fractions_are_refused(tmp_path, name):
    content = document(FRACTIONS[name])
    (problem,) = (each for each in Check(content).problems if each.malformed)
    assert 'expected pixels, got numbers between 0 and 1 (annotations: 8)' in str(problem)
    assert len(Check(content).problems) == 1
    (tmp_path / 'a.json').write_text(json.dumps(content))
    with pytest.raises(LitePoseError, match='a.json: .*annotations: 8.*multiply x by') as caught:
        read_people(tmp_path / 'a.json')
    assert '\n' not in str(caught.value)


def test_fractions_among_pixels(tmp_path):
    content = document()
    content['annotations'][3:5] = document(FRACTIONS['keypoints'])['annotations'][3:5]
    (problem,) = Check(content).problems
    assert 'annotations: 2)' in str(problem)
    fixed, _ = Check(content).fixed(drop=True)
    assert [each['id'] for each in fixed['annotations']] == [1, 2, 3, 6, 7, 8]


def test_a_person_in_the_corner_is_none(tmp_path):
    content = document(lambda points, box: (np.arange(34).reshape(17, 2) % 2, box))
    assert not any('numbers between 0 and 1' in str(problem) for problem in Check(content).problems)


@pytest.mark.parametrize('name', ODD)
def test_what_is_odd_is_told(tmp_path, notices, name):
    content = document(ODD[name])
    told = [problem for problem in Check(content).problems if problem.where == 'file']
    assert len(told) == 1 and 'pixels' in str(told[0])
    (tmp_path / 'a.json').write_text(json.dumps(content))
    read_people(tmp_path / 'a.json')
    assert len(notices) == 1 and str(tmp_path / 'a.json') in notices[0]


def test_boxes_and_areas_in_fractions_are_made_of_the_keypoints():
    content = document(lambda points, box: (points, of_image(box)))
    right = document()['annotations']
    check = Check(content)
    assert {problem.field for problem in check.problems} == {'bbox', 'area'}
    content, _ = check.fixed()
    for fixed, person in zip(content['annotations'], right):
        points = np.reshape(person['keypoints'], (17, 3))[:, :2]
        np.testing.assert_allclose(fixed['bbox'][:2], points.min(axis=0))
        np.testing.assert_allclose(fixed['bbox'][2:], np.ptp(points, axis=0))
        assert fixed['area'] > 100
    assert Check(content).problems == []
