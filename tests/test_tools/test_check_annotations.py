import copy
import importlib.util
import json
import sys

import pytest
from PIL import Image

from litepose_mm.paths import mim_root


@pytest.fixture(scope='module')
def tool():
    path = mim_root() / 'tools/misc/check_annotations.py'
    spec = importlib.util.spec_from_file_location('check_annotations', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def document():
    images = [dict(id=i, file_name=f'{i}.jpg', width=100, height=50) for i in (1, 2)]
    annotations = [
        dict(
            id=10 * i,
            image_id=i,
            category_id=1,
            iscrowd=0,
            bbox=[10, 10, 80, 35],
            num_keypoints=2,
            keypoints=[15, 15, 2, 85, 40, 1, 0, 0, 0],
            segmentation=[[10, 10, 80, 10, 80, 35]],
        )
        for i in (1, 2)
    ]
    categories = [dict(id=1, name='person', keypoints=['a', 'b', 'c'], skeleton=[])]
    return dict(images=images, annotations=annotations, categories=categories)


def test_good_file_has_no_problems(tool):
    assert list(tool.check(document())) == []


def person(**changes):
    def change(content):
        content['annotations'][0].update(changes)
        for key in [key for key, value in changes.items() if value is KeyError]:
            del content['annotations'][0][key]

    return change


def picture(**changes):
    def change(content):
        content['images'][0].update(changes)
        for key in [key for key, value in changes.items() if value is KeyError]:
            del content['images'][0][key]

    return change


def rle(**changes):
    return person(segmentation={'size': [50, 100], 'counts': [5000], **changes})


@pytest.mark.parametrize(
    'change, line',
    [
        (person(bbox=KeyError), 'missing field: annotation 10: bbox'),
        (person(category_id=KeyError), 'missing field: annotation 10: category_id'),
        (person(image_id=9), 'no such image: image 9: id: annotations 10 name it'),
        (person(keypoints=[1, 2]), 'keypoint count: annotation 10: keypoints: expected 3 for each'),
        (person(keypoints=[1, 2, 2] * 4), 'keypoint count: annotation 10: keypoints'),
        (person(keypoints=['x'] * 9), 'keypoints: annotation 10: keypoints: expected a list of'),
        (person(keypoints=[float('nan')] * 9), 'keypoints: annotation 10: keypoints: expected'),
        (person(num_keypoints=3), 'num_keypoints: annotation 10: num_keypoints: 3, but 2'),
        (
            person(keypoints=[15, 15, 3, 85, 40, 1, 0, 0, 0]),
            'visibility: annotation 10: keypoints: expected v of 0, 1 or 2, got [3]',
        ),
        (
            person(keypoints=[15, -15, 2, 85, 40, 1, 0, 0, 0]),
            'keypoint outside: annotation 10: keypoints: 0 at (15, -15)',
        ),
        (person(bbox=[10, 10, 95, 35]), 'bbox outside: annotation 10: bbox: [10, 10, 95, 35] in'),
        (person(bbox=[10, 10, 0, 35]), 'bbox: annotation 10: bbox: expected a positive size'),
        (person(bbox=[1, 2, 3]), 'bbox: annotation 10: bbox: expected four finite numbers'),
        (person(id=20), 'duplicate id: annotation 20: id: 2 times'),
        (person(id=KeyError), 'missing field: annotation: id: entry 0 of the list'),
        (picture(file_name=KeyError), 'missing field: image 1: file_name'),
        (picture(width=-1), 'size: image 1: width, height: expected two positive numbers'),
        (picture(id=2), 'duplicate id: image 2: id: 2 times'),
        (
            picture(width=50, height=100),
            'size: image 1: width, height: swapped, it seems: people fit into (100, 50)',
        ),
        (rle(counts=[1, 2]), 'segmentation: annotation 10: segmentation: RLE: counts sum to 3'),
        (rle(counts=None), 'segmentation: annotation 10: segmentation: RLE: expected counts'),
        (rle(size=[100, 50]), 'segmentation: annotation 10: segmentation: RLE: size [100, 50]'),
        (person(segmentation=[[1, 2, 3]]), 'segmentation: annotation 10: segmentation: polygon 0'),
        (person(segmentation='x'), 'segmentation: annotation 10: segmentation: expected RLE or'),
        (lambda content: content.pop('categories'), 'missing field: file: categories'),
    ],
)
def test_problems(tool, change, line):
    content = document()
    change(content)
    lines = [str(problem) for problem in tool.check(content)]
    assert any(found.startswith(line) for found in lines), lines


def test_good_rle(tool):
    content = document()
    rle()(content)
    assert list(tool.check(content)) == []
    rle(counts='abc')(content)
    assert list(tool.check(content)) == []


def test_names_of_another_data_set(tool):
    lines = [str(problem) for problem in tool.check(document(), names=('a', 'b'))]
    assert lines[0] == 'names: file: categories: 3 keypoints, expected 2'
    assert sum(line.startswith('keypoint count') for line in lines) == 2
    assert len(tool.keypoint_names('coco')) == 17
    assert tool.keypoint_names('crowdpose')[-1] == 'neck'


def test_crowdpose_does_not_count_head_and_neck(tool):
    content = document()
    content['categories'][0]['keypoints'] = ['a', 'head', 'neck']
    for count, good in ((1, True), (2, True), (3, False)):
        content['annotations'][0]['num_keypoints'] = count
        assert (list(tool.check(content)) == []) is good


def run(tool, monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', ['check_annotations.py', *map(str, args)])
    return tool.main()


def test_fix(tool, tmp_path, monkeypatch, capsys):
    content = document()
    person(num_keypoints=7)(content)
    picture(width=50, height=100)(content)
    broken = copy.deepcopy(content['annotations'][1])
    broken.update(id=30, keypoints=[1])
    content['annotations'].append(broken)
    content['images'].append(dict(id=3, file_name='gone.jpg', width=10, height=10))
    (tmp_path / 'a.json').write_text(json.dumps(content))
    for index in (1, 2):
        Image.new('RGB', (100, 50)).save(tmp_path / f'{index}.jpg')
    names = [tmp_path / 'a.json', '--images', tmp_path]

    assert run(tool, monkeypatch, *names) == 1
    output = capsys.readouterr().out
    assert 'swapped: file (50, 100), picture (100, 50)' in output
    assert 'missing image: image 3: file_name' in output
    assert run(tool, monkeypatch, *names, '--fix', tmp_path / 'b.json') == 1
    assert 'problems left: 2' in capsys.readouterr().out
    assert run(tool, monkeypatch, *names, '--fix', tmp_path / 'c.json', '--drop') == 0
    output = capsys.readouterr().out
    assert 'images left out: 1, annotations left out: 1; problems left: 0' in output
    assert json.loads((tmp_path / 'c.json').read_text()) == document()


def test_broken_picture(tool, tmp_path):
    Image.effect_noise((100, 50), 50).save(tmp_path / '1.jpg')
    whole = (tmp_path / '1.jpg').read_bytes()
    (tmp_path / '2.jpg').write_bytes(b'no')
    (tmp_path / '1.jpg').write_bytes(whole[: len(whole) // 2])
    kinds = [problem.kind for problem in tool.check(document(), tmp_path)]
    assert kinds == ['broken image']
    kinds = [problem.kind for problem in tool.check(document(), tmp_path, decode=True)]
    assert kinds == ['broken image'] * 2


@pytest.mark.parametrize('content', ['{', '[]', '{"images": []}'])
def test_other_files(tool, tmp_path, monkeypatch, capsys, content):
    (tmp_path / 'a.json').write_text(content)
    assert run(tool, monkeypatch, tmp_path / 'a.json') == 2
    error = capsys.readouterr().err
    assert error.startswith('check_annotations.py: error: ') and error.count('\n') == 1


def test_missing_file_and_bad_options(tool, tmp_path, monkeypatch, capsys):
    assert run(tool, monkeypatch, tmp_path / 'a.json') == 2
    (tmp_path / 'a.json').write_text(json.dumps(document()))
    assert run(tool, monkeypatch, tmp_path / 'a.json', '--drop') == 2
    assert run(tool, monkeypatch, tmp_path / 'a.json', '--dataset', 'nothing') == 2
    assert run(tool, monkeypatch, tmp_path / 'a.json', '--images', tmp_path / 'x') == 2
    assert capsys.readouterr().err.count('\n') == 4


def test_explain_names_what_a_data_set_cannot_parse(tool, tmp_path):
    content = document()
    person(keypoints=[1, 2])(content)
    (tmp_path / 'a.json').write_text(json.dumps(content))
    config = dict(train_dataloader=dict(dataset=dict(data_root=str(tmp_path), ann_file='a.json')))
    assert 'a.json: keypoint count: annotation 10: keypoints' in tool.explain(config)
    (tmp_path / 'a.json').write_text(json.dumps(document()))
    assert tool.explain(config) is None
    (tmp_path / 'a.json').unlink()
    assert 'no annotation file' in tool.explain(config)
