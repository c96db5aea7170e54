"""Boxes from a file."""

import json

import numpy as np
import pytest

from litepose_mm.errors import LitePoseError
from litepose_mm.inference.box_file import BoxFile


def entry(image_id, bbox=(1, 2, 3, 4), **more):
    return dict(image_id=image_id, bbox=list(bbox), **more)


@pytest.fixture
def write(tmp_path):
    def write(document, **options):
        path = tmp_path / 'boxes.json'
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return BoxFile(path, **options)

    return write


def test_detections(write):
    file = write(
        [
            entry(139, category_id=1, score=0.9),
            entry(139, (5, 6, 7.5, 8), category_id=1, score=0.2),
            entry(139, category_id=44, score=0.9),
            entry('b', category_id=1),
        ]
    )
    np.testing.assert_array_equal(
        file.boxes_of('val/000000000139.jpg'), [[1, 2, 4, 6], [5, 6, 12.5, 14]]
    )
    assert len(file.boxes_of('COCO_val2014_000000000139.jpg')) == 2
    assert len(file.boxes_of('x/b.png')) == 1
    assert file.boxes_of('000000000140.jpg').shape == (0, 4)


def test_weak_boxes(write):
    boxes = [entry(1, score=0.5), entry(1, score=0.4), entry(2, score=0.1)]
    file = write(boxes, min_score=0.45)
    assert len(file.boxes_of('1.jpg')) == 1 and len(file.boxes_of('2.jpg')) == 0
    file.check_images(['2.jpg'])


def test_annotations(write):
    file = write(
        dict(
            categories=[dict(id=7, name='dog'), dict(id=3, name='person')],
            images=[
                dict(id=5, file_name='a/one.jpg'),
                dict(id=6, file_name='b/one.jpg'),
                dict(id=8, file_name='two.jpg'),
            ],
            annotations=[
                entry(5, category_id=3),
                entry(6, category_id=3),
                entry(6, category_id=3, iscrowd=1),
                entry(6, category_id=7),
            ],
        )
    )
    assert len(file.boxes_of('data/a/one.jpg')) == len(file.boxes_of('b/one.jpg')) == 1
    assert len(file.boxes_of('elsewhere/two.jpg')) == 0
    for name, count in (('one.jpg', 0), ('c/one.jpg', 0), ('three.jpg', 0)):
        with pytest.raises(LitePoseError, match=f'one image {name} in .*, got {count}'):
            file.boxes_of(name)


@pytest.mark.parametrize(
    'document, message',
    [
        ('no json', 'expected JSON'),
        ('3', 'expected a list of boxes'),
        ({'images': []}, 'expected a list of boxes'),
        ({'annotations': []}, 'images with id and file_name'),
        ({'images': [{'id': 3}], 'annotations': []}, 'images with id and file_name'),
        ([entry(1), entry(2, (1, 2, 3))], r'bbox of four numbers.*number 1'),
        ([{'bbox': [1, 2, 3, 4]}], 'image_id, bbox'),
        ([entry(1, ('a', 2, 3, 4))], 'image_id, bbox'),
        ([entry(1, score=None)], 'image_id, bbox'),
        ('[{"image_id": 1, "bbox": [1, 2, 3, NaN]}]', 'image_id, bbox'),
        ([[1, 2, 3, 4]], 'image_id, bbox'),
    ],
)
def test_other_files_are_refused(write, document, message):
    with pytest.raises(LitePoseError, match=message) as caught:
        write(document)
    assert 'boxes.json' in str(caught.value) and '\n' not in str(caught.value)


def test_missing_files_are_refused(tmp_path):
    with pytest.raises(LitePoseError, match='cannot read .*No such file'):
        BoxFile(tmp_path / 'none.json')


def test_images_without_any_box(write):
    file = write([entry(1), entry(2)])
    file.check_images(['9.jpg', '2.jpg'])
    with pytest.raises(LitePoseError, match='as image_id, such as that in 9.jpg .*got 1, 2'):
        file.check_images(['9.jpg', 'x.jpg'])
