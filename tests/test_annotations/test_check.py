import copy
import json

import numpy as np
import pytest
import xtcocotools.mask
from hypothesis import given
from hypothesis import strategies as st
from mmpose.datasets import CocoDataset
from PIL import Image
from xtcocotools.coco import COCO
from xtcocotools.cocoeval import COCOeval

from litepose_mm.annotations import (
    Check,
    explain,
    explained,
    is_crowdpose,
    keypoint_names,
    read_annotations,
)
from litepose_mm.errors import LitePoseError
from litepose_mm.evaluation.metrics import SampleTruthCocoMetric
from litepose_mm.utils.paths import config_path
from litepose_mm.zoo import get_model


def document():
    images = [dict(id=i, file_name=f'{i}.jpg', width=100, height=50) for i in (1, 2)]
    annotations = [
        dict(
            id=10 * i,
            image_id=i,
            category_id=1,
            iscrowd=0,
            bbox=[10, 10, 80, 35],
            area=1500,
            num_keypoints=2,
            keypoints=[15, 15, 2, 85, 40, 1, 0, 0, 0],
            segmentation=[[10, 10, 80, 10, 80, 35]],
        )
        for i in (1, 2)
    ]
    categories = [dict(id=1, name='person', keypoints=['a', 'b', 'c'], skeleton=[])]
    return dict(images=images, annotations=annotations, categories=categories)


def check(*args, **options):
    return Check(*args, **options).problems


def fix(content, *args, drop=False, **options):
    fixed, done = Check(content, *args, **options).fixed(drop)
    content.clear()
    content.update(fixed)
    return done


def test_good_file_has_no_problems():
    assert check(document()) == []
    assert Check(document()).fixed(drop=True) == (document(), {})


def person(**changes):
    def change(content):
        content['annotations'][0].update(changes)
        for key in [key for key, value in changes.items() if value is KeyError]:
            del content['annotations'][0][key]

    return change


def image(**changes):
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
        (person(image_id=9), 'no such image: image 9: id: '),
        (person(keypoints=[1, 2]), 'keypoint count: annotation 10: keypoints: expected 3'),
        (person(keypoints=[1, 2, 2] * 4), 'keypoint count: annotation 10: keypoints'),
        (person(keypoints=['x'] * 9), 'keypoints: annotation 10: keypoints: expected a list of'),
        (person(keypoints=[float('nan')] * 9), 'keypoints: annotation 10: keypoints: expected'),
        (person(num_keypoints=3), 'num_keypoints: annotation 10: num_keypoints: expected 2'),
        (
            person(keypoints=[15, 15, 3, 85, 40, 1, 0, 0, 0]),
            'visibility: annotation 10: keypoints: ',
        ),
        (
            person(keypoints=[15, -15, 2, 85, 40, 1, 0, 0, 0]),
            'keypoint outside: annotation 10: keypoints: 0 at (15, -15)',
        ),
        (person(bbox=[10, 10, 95, 35]), 'bbox outside: annotation 10: bbox: [10, 10, 95, 35] in'),
        (person(bbox=[10, 10, 0, 35]), 'bbox: annotation 10: bbox: expected'),
        (person(bbox=[1, 2, 3]), 'bbox: annotation 10: bbox: expected four finite numbers'),
        (person(bbox=None), 'bbox: annotation 10: bbox: expected four finite numbers, got None'),
        (person(keypoints=None), 'keypoints: annotation 10: keypoints: expected a list of'),
        (
            person(image_id=[1]),
            'image_id: annotation 10: image_id: expected a whole number, got [1]',
        ),
        (
            person(image_id='1'),
            "image_id: annotation 10: image_id: expected a whole number, got '1'",
        ),
        (person(id=20), 'duplicate id: annotation 20: id: 2 times'),
        (person(id=KeyError), 'missing field: annotation: id: entry 0 of the list has none'),
        (
            person(id='a'),
            "id: annotation: id: entry 0 of the list: expected a whole number from 1, got 'a'",
        ),
        (
            lambda document: document['annotations'].append('foo'),
            "id: annotation: id: entry 2 of the list: expected a mapping, got 'foo'",
        ),
        (image(id=1.5), 'id: image: id: entry 0 of the list: expected a whole number, got 1.5'),
        (person(category_id=[1]), 'category_id: annotation 10: category_id: expected a whole'),
        (person(category_id=7), 'category: annotation 10: category_id: expected'),
        (
            person(num_keypoints=KeyError),
            'missing field: annotation 10: num_keypoints: expected',
        ),
        (person(area=KeyError), 'missing field: annotation 10: area: expected square pixels'),
        (
            person(iscrowd=1, keypoints=KeyError),
            'missing field: annotation 10: keypoints: expected',
        ),
        (image(crowdIndex=0.5), 'crowdIndex: image 2: crowdIndex: expected a number, got None'),
        (image(crowdIndex='x'), "crowdIndex: image 1: crowdIndex: expected a number, got 'x'"),
        (person(iscrowd='x'), "iscrowd: annotation 10: iscrowd: expected 0 or 1, got 'x'"),
        (person(area=[1]), 'area: annotation 10: area: expected at least 1'),
        (person(area=-1), 'area: annotation 10: area: expected at least 1'),
        (image(file_name=KeyError), 'missing field: image 1: file_name'),
        (image(file_name=3), 'file_name: image 1: file_name: expected a string, got 3'),
        (image(width=KeyError), 'missing field: image 1: width: expected one'),
        (image(width=None), 'size: image 1: width, height: expected two positive numbers'),
        (image(width=-1), 'size: image 1: width, height: expected two positive numbers'),
        (image(id=2), 'duplicate id: image 2: id: 2 times'),
        (
            image(width=50, height=100),
            'size: image 1: width, height: ',
        ),
        (rle(counts=[1, 2]), 'segmentation: annotation 10: segmentation: RLE: expected'),
        (rle(counts=None), 'segmentation: annotation 10: segmentation: RLE: expected counts'),
        (rle(size=[100, 50]), 'segmentation: annotation 10: segmentation: RLE: expected the size'),
        (person(segmentation=[[1, 2, 3]]), 'segmentation: annotation 10: segmentation: polygon 0'),
        (person(segmentation='x'), 'segmentation: annotation 10: segmentation: expected RLE or'),
        (lambda content: content.pop('categories'), 'missing field: file: categories'),
    ],
)
def test_problems(change, line):
    content = document()
    change(content)
    assert str(check(content)[0]).startswith(line)


def test_good_rle():
    content = document()
    rle()(content)
    assert check(content) == []
    mask = np.zeros((50, 100), dtype=np.uint8, order='F')
    rle(counts=xtcocotools.mask.encode(mask)['counts'].decode())(content)
    assert check(content) == []


def test_names_of_another_data_set():
    (problem,) = check(document(), names=('a', 'x'))
    assert problem.malformed and 'expected keypoints a, x, got a, b, c' in str(problem)
    (problem,) = check(document(), names=('C', 'a', 'b'))
    assert problem.fixed and 'expected C, a, b in this order, got a, b, c' in str(problem)
    assert len(keypoint_names('coco')) == 17
    assert keypoint_names('crowdpose')[-1] == 'neck'


def test_crowdpose_does_not_count_head_and_neck():
    content = document()
    content['categories'][0]['keypoints'] = ['a', 'head', 'neck']
    for count, good in ((1, True), (2, True), (3, False)):
        content['annotations'][0]['num_keypoints'] = count
        assert (check(content) == []) is good


def test_broken_image(tmp_path):
    Image.effect_noise((100, 50), 50).save(tmp_path / '1.jpg')
    whole = (tmp_path / '1.jpg').read_bytes()
    (tmp_path / '2.jpg').write_bytes(b'no')
    (tmp_path / '1.jpg').write_bytes(whole[: len(whole) // 2])
    kinds = [problem.kind for problem in check(document(), tmp_path)]
    assert kinds == ['broken image']
    kinds = [problem.kind for problem in check(document(), tmp_path, decode=True)]
    assert kinds == ['broken image'] * 2


@pytest.mark.parametrize('content', ['{', '[]', '{"images": []}'])
def test_other_files(tmp_path, content):
    (tmp_path / 'a.json').write_text(content)
    with pytest.raises(LitePoseError, match='a.json: '):
        read_annotations(tmp_path / 'a.json')


def spoiled():
    """One entry of each sort that fix can fix or leave out."""
    content = document()
    person(num_keypoints=7)(content)
    image(width=50, height=100)(content)
    unusable = dict(copy.deepcopy(content['annotations'][1]), id=30, keypoints=[1])
    content['annotations'].append(unusable)
    content['images'].append(dict(id=3, width=10, height=10))
    return content


@pytest.mark.parametrize('with_images', [False, True])
def test_fix(tmp_path, with_images):
    images = tmp_path if with_images else None
    for index in (1, 2):
        Image.new('RGB', (100, 50)).save(tmp_path / f'{index}.jpg')
    content = spoiled()
    done = fix(content, images)
    assert done == {'sizes fixed': 1, 'num_keypoints fixed': 1}
    assert [problem.malformed for problem in check(content, images)] == [True, True]
    done = fix(content, images, drop=True)
    assert done == {'images left out': 1, 'annotations left out': 1}
    assert content == document()


def test_missing_fields_are_written_where_there_is_no_doubt():
    content = document()
    first, crowd = content['annotations']
    unknown = {k: v for k, v in crowd.items() if k not in ('keypoints', 'num_keypoints')}
    content['annotations'].append(dict(unknown, id=30))
    for field in ('area', 'num_keypoints', 'iscrowd'):
        del first[field]
    crowd.update(iscrowd=1)
    del crowd['keypoints'], crowd['num_keypoints']
    done = fix(content, drop=True)
    assert done == {
        'num_keypoints fixed': 3,
        'iscrowd fixed': 1,
        'area fixed': 1,
        'keypoints fixed': 2,
    }
    first, crowd, unlabelled = content['annotations']
    assert first == dict(document()['annotations'][0], area=pytest.approx(0.53 * 80 * 35))
    for nobody in (crowd, unlabelled):
        assert nobody['keypoints'] == [0] * 9 and nobody['num_keypoints'] == 0
    assert check(content) == []


def test_crowdpose_has_crowd_indices_and_no_areas():
    assert is_crowdpose('crowdpose') is True and is_crowdpose('coco') is False
    configs = {name: get_model(f'litepose-xs_{name}').config for name in ('crowdpose', 'coco')}
    assert is_crowdpose(str(config_path(configs['crowdpose']))) is True
    assert is_crowdpose(str(config_path(configs['coco']))) is None
    content = document()
    for annotation in content['annotations']:
        del annotation['area']
    problems = check(content, crowdpose=True)
    assert [(problem.kind, problem.id) for problem in problems] == [
        ('crowdIndex', 1),
        ('crowdIndex', 2),
    ]
    # another one: of two keypoints in the person's box and one in its own, one each is foreign
    other = dict(content['annotations'][0], id=30, keypoints=[15, 15, 2, 0, 0, 0, 0, 0, 0])
    content['annotations'].append(dict(other, num_keypoints=1, bbox=[14, 14, 2, 2]))
    assert fix(content, crowdpose=True) == {'crowdIndex fixed': 2}
    assert [image['crowdIndex'] for image in content['images']] == [pytest.approx(0.75), 0]
    assert check(content) == []


def test_fixed_crowd_is_masked_and_evaluated(tmp_path):
    """MMPose passes over a crowd without keypoints, and xtcocotools fails."""
    names = keypoint_names('coco')
    content = document()
    content['categories'][0]['keypoints'] = list(names)
    for annotation in content['annotations']:
        annotation.update(keypoints=[20, 20, 2] * 17, num_keypoints=17)
    rle()(content)
    person(iscrowd=1, num_keypoints=0, keypoints=KeyError)(content)
    fix(content)
    assert check(content) == []
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    dataset = CocoDataset(ann_file=str(path), data_mode='bottomup', pipeline=[])
    crowd = content['annotations'][0]
    assert dataset.get_data_info(0)['invalid_segs'] == [crowd['segmentation']]

    truth = COCO(str(path))
    result = dict(category_id=1, score=1.0, keypoints=[20, 20, 1] * 17)
    found = truth.loadRes([dict(result, image_id=index) for index in (1, 2)])
    evaluation = COCOeval(truth, found, 'keypoints')
    evaluation.params.useSegm = None
    evaluation.evaluate()
    evaluation.accumulate()
    assert evaluation.eval['precision'][0, :, 0, 0, 0] == pytest.approx(np.ones(101))


def test_entries_that_share_an_id_are_told_apart():
    content = document()
    for field in ('images', 'annotations'):
        content[field].append(dict(content[field][0]))
    content['images'][0].pop('file_name')
    content['annotations'][0]['keypoints'] = [1]
    done = fix(content, drop=True)
    assert done == {'images left out': 1, 'annotations left out': 1}
    for field in ('images', 'annotations'):
        assert content[field] == document()[field][::-1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=7)
        | st.dictionaries(st.sampled_from(['size', 'counts', 'id', 'keypoints']), inner)
    ),
    max_leaves=8,
)


@given(st.data())
def test_anything_can_be_checked_and_fixed(data):
    content = document()
    for _ in range(data.draw(st.integers(1, 4))):
        place = content
        while True:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            key = data.draw(st.sampled_from(keys))
            inner = place[key]
            if place is not content and (not inner or data.draw(st.booleans())):
                place[key] = data.draw(JSON)
                break
            if not isinstance(inner, (dict, list)) or not inner:
                break
            place = inner
    fix(content, drop=True)
    assert not any(problem.malformed and problem.where != 'file' for problem in check(content))


def test_explain_names_what_a_data_set_cannot_parse(tmp_path):
    content = document()
    person(keypoints=[1, 2])(content)
    (tmp_path / 'a.json').write_text(json.dumps(content))
    dataset = dict(data_root=str(tmp_path), ann_file='a.json')
    config = dict(train_dataloader=dict(dataset=dataset))
    wrapped = dict(type='RepeatDataset', dataset=dict(type='CombinedDataset', datasets=[dataset]))
    assert explain(dict(train_dataloader=dict(dataset=wrapped))) == explain(config)
    reason = explain(config)
    assert 'a.json: keypoint count: annotation 10: keypoints' in reason
    assert f'check_annotations.py {tmp_path / "a.json"} ' in reason and '--fix OUT --drop' in reason
    (tmp_path / 'a.json').write_text(json.dumps(document()))
    assert explain(config) is None
    (tmp_path / 'a.json').unlink()
    assert 'no annotation file' in explain(config)


@pytest.mark.parametrize('field', ['area', 'num_keypoints'])
def test_error_of_the_evaluation_is_explained(tmp_path, field):
    content = document()
    person(**{field: KeyError})(content)
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    config = dict(val_dataloader=dict(dataset=dict(ann_file=str(path))))
    reason = f'a.json: missing field: annotation 10: {field}'
    with pytest.raises(LitePoseError, match=reason), explained(config, 'val_dataloader'):
        if field == 'area':
            truth = dict(img_id=1, width=100, height=50, raw_ann_info=content['annotations'])
            SampleTruthCocoMetric().gt_to_coco_json([truth], str(tmp_path / 'b'))
        else:
            truth = COCO(str(path))
            COCOeval(truth, truth, 'keypoints_crowd').evaluate()


def test_polygons_of_some_people_only():
    content = document()
    first = content['annotations'][0]
    second = dict(first, id=99)
    first['segmentation'] = [[1, 1, 9, 1, 9, 9]]
    second.pop('segmentation', None)
    content['annotations'].append(second)
    (problem,) = check(content)
    assert problem.fixed and str(problem).startswith('missing segmentation: annotation 99')
    assert fix(content, drop=True) == {'segmentation fixed': 1}
    assert check(content) == []
