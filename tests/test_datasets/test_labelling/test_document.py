"""People whom a model finds and people who are annotated, in one file."""

import json

import numpy as np
import pytest
from pose_builders import make_result, make_skeleton

from litepose_mm.annotations import read_people
from litepose_mm.datasets.labelling import make_document
from litepose_mm.errors import LitePoseError
from litepose_mm.evaluation.functional.average_precision import Truth

SKELETON = make_skeleton()
FIGURE = np.array([[20, 0], [0, 20], [40, 20]], dtype=float)  # head and hands
FOUND_AT = [(5, 5), (55, 5), (105, 5), (155, 5)]  # the last two are annotated nowhere


def found(scores=(0.9, 0.3, 0.8), places=FOUND_AT):
    people = FIGURE + np.array(places)[:, None]
    return make_result(
        len(places), (200, 60), keypoints=people, keypoint_scores=[scores] * len(places), tags=None
    )


def annotation(number, place, image_id=7, **fields):
    """Of somebody whose feet are labelled, too, and whose head is not: that file has none."""
    left, right = (FIGURE[1:] + place).tolist()
    keypoints = [*right, 1, 1, 1, 2, *left, 2]
    box = [*place, 40, 20]
    person = dict(id=number, image_id=image_id, category_id=1, iscrowd=0, bbox=box, area=800)
    return {**person, 'keypoints': keypoints, 'num_keypoints': 3, **fields}


def write_truth(path, annotations, images=1, size=(200, 60)):
    width, height = size
    document = dict(
        images=[
            dict(id=7 + n, file_name=f'a{n}.jpg', width=width, height=height, licence=3)
            for n in range(images)
        ],
        annotations=annotations,
        categories=[
            dict(id=1, name='person', keypoints=['right_hand', 'foot', 'left_hand'], skeleton=[])
        ],
    )
    path.write_text(json.dumps(document))
    return Truth.load(path, SKELETON)


def triples(annotation):
    return np.reshape(annotation['keypoints'], (-1, 3))


def test_without_annotations_scores_are_visibilities(tmp_path):
    results = {'a.jpg': found((0.9, 0.05, 1.2), FOUND_AT[:2]), 'b/c.jpg': found((0.01,) * 3)}
    document, calibration = make_document(results, SKELETON)
    assert calibration is None
    assert [image['file_name'] for image in document['images']] == ['a.jpg', 'b/c.jpg']
    assert len(document['annotations']) == 2  # nobody is found on the other with any probability
    for person, place in zip(document['annotations'], FOUND_AT):
        expected = np.column_stack([FIGURE + place, (0.9, 0, 1)])
        expected[1] = 0
        np.testing.assert_allclose(triples(person), expected)
        assert person['num_keypoints'] == 2 and person['image_id'] == 1
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(document))
    assert read_people(path, SKELETON.keypoint_names) == document


def test_annotated_people_take_the_place_of_those_found(tmp_path):
    """Of four people one is annotated, one is without labels and one in a crowd, 100 times."""
    people, number = [], 0
    for image_id in range(7, 107):
        other = annotation(number + 2, FOUND_AT[1], image_id, keypoints=[0] * 9, num_keypoints=0)
        crowd = dict(other, id=number + 3, bbox=[150, 0, 50, 60], iscrowd=1)
        # the left hand is found 30 pixels from where it is
        wrong = annotation(number + 1, FOUND_AT[0], image_id)
        wrong['keypoints'][6] += 30
        people += [wrong, other, crowd]
        number += 3
    truth = write_truth(tmp_path / 'truth.json', people, images=100)
    results = {f'a{n}.jpg': found() for n in range(100)} | {'new.jpg': found()}
    document, calibration = make_document(results, SKELETON, truth)

    # The right hand is right, the left hand is not, and neither is one of the third person. Those
    # of people without labels and in crowds may be either.
    np.testing.assert_allclose(calibration(np.array([0.3, 0.8, 0.9])), [0, 0.5, 0.5])

    first = [each for each in document['annotations'] if each['image_id'] == 7]
    crowd, labelled, *others = first
    assert crowd['iscrowd'] == 1 and crowd['num_keypoints'] == 0
    assert crowd['segmentation'] == [[150, 0, 200, 0, 200, 60, 150, 60]]
    head, left, right = triples(labelled)
    assert head.tolist() == [25, 5, 0.5]
    assert left.tolist() == [35, 25, 2] and right.tolist() == [45, 25, 1]
    assert labelled['bbox'] == [5, 5, 40, 20] and labelled['area'] == 800
    for person, place in zip(others, FOUND_AT[1:], strict=True):
        expected = np.column_stack([FIGURE + place, (0.5, 0, 0.5)])
        expected[1] = 0
        np.testing.assert_allclose(triples(person), expected)
    assert document['images'][0]['licence'] == 3
    new = document['images'][-1]
    assert new == dict(id=107, file_name='new.jpg', width=200, height=60)
    assert sum(each['image_id'] == 107 for each in document['annotations']) == 4


def test_an_image_of_another_size_is_refused(tmp_path):
    truth = write_truth(tmp_path / 'truth.json', [annotation(1, FOUND_AT[0])], size=(400, 120))
    with pytest.raises(LitePoseError, match=r'a0.jpg: .* 400x120 .* 200x60'):
        make_document({'a0.jpg': found()}, SKELETON, truth)


def test_too_few_labels_to_tell_probabilities_are_refused(tmp_path):
    truth = write_truth(tmp_path / 'truth.json', [annotation(1, FOUND_AT[0])])
    for results in ({'a0.jpg': found()}, {'other.jpg': found()}):
        with pytest.raises(LitePoseError, match='at least 100 keypoints'):
            make_document(results, SKELETON, truth)
