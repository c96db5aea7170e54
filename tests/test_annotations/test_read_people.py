"""Annotation files as tools write them: training, evaluation and comparison read the same."""

import copy
import json

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.registry import DATASETS, METRICS
from pipelines import ae_codec, ae_test_pipeline

from litepose_mm.annotations import Check, read_annotations, read_people, read_text
from litepose_mm.errors import LitePoseError
from litepose_mm.evaluation.functional.average_precision import Truth
from litepose_mm.structures import PoseResult, Skeleton

NAMES = ('head', 'left_hand', 'right_hand')
METAINFO = dict(
    dataset_name='mini',
    keypoint_info={
        0: dict(name='head', id=0, color=[51, 153, 255], type='upper', swap=''),
        1: dict(name='left_hand', id=1, color=[0, 255, 0], type='upper', swap='right_hand'),
        2: dict(name='right_hand', id=2, color=[255, 128, 0], type='upper', swap='left_hand'),
    },
    skeleton_info={},
    joint_weights=[1.0, 1.0, 1.0],
    sigmas=[0.05, 0.05, 0.05],
)
SKELETON = Skeleton('mini', NAMES, (), (0, 2, 1), METAINFO['sigmas'])
POINTS = np.array([[[20, 10], [10, 30], [30, 32]], [[70, 12], [60, 35], [82, 38]]], float)


def document():
    people = []
    for index, points in enumerate(POINTS.tolist()):
        people.append(
            dict(
                id=index + 1,
                image_id=1,
                category_id=1,
                iscrowd=0,
                bbox=[5 + 50 * index, 5, 30, 40],
                area=1200,
                num_keypoints=3,
                keypoints=[value for x, y in points for value in (x, y, 2)],
                segmentation=[],
            )
        )
    return dict(
        images=[dict(id=1, file_name='folder/1.png', width=100, height=60)],
        annotations=people,
        categories=[dict(id=1, name='person', keypoints=list(NAMES), skeleton=[])],
    )


def everybody(**changes):
    def change(content):
        for person in content['annotations']:
            person.update(changes)
            for field in [field for field, value in changes.items() if value is KeyError]:
                del person[field]

    return change


def category(**changes):
    def change(content):
        content['categories'][0].update(changes)
        everybody(category_id=content['categories'][0]['id'])(content)

    return change


def categories(*others, at=0):
    def change(content):
        content['categories'][at:at] = [dict(other) for other in others]

    return change


def two_kinds_of_people(content):
    content['categories'].append(dict(content['categories'][0], id=2, name='child'))
    content['annotations'][1]['category_id'] = 2


def other_things(content):
    content['categories'].append(dict(id=2, name='car', keypoints=[]))
    content['annotations'].append(dict(id=7, image_id=1, category_id=2, bbox=[1, 1, 9, 9]))


def image_ids(value):
    def change(content):
        content['images'][0]['id'] = value
        everybody(image_id=value)(content)

    return change


def nested(content):
    for person in content['annotations']:
        person['keypoints'] = np.reshape(person['keypoints'], (-1, 3)).tolist()


def another_order(content):
    content['categories'][0]['keypoints'] = ['Right Hand', 'head', 'left-hand']
    for person in content['annotations']:
        points = np.reshape(person['keypoints'], (-1, 3))
        person['keypoints'] = points[[2, 0, 1]].ravel().tolist()


def more_keypoints(content):
    content['categories'][0]['keypoints'] = ['tail', *NAMES]
    for person in content['annotations']:
        person['keypoints'] = [1, 1, 2, *person['keypoints']]
        person['num_keypoints'] = 4


def one_by_one(content):
    content['annotations'][0].update(area=0)
    content['annotations'][1].update(area=float('nan'), iscrowd=False)


UNDERSTOOD = {
    'as it should be': lambda content: None,
    'category 0': category(id=0),
    'category 9': category(id=9),
    'category as text': category(id='person'),
    'no category': lambda content: content.pop('categories'),
    'no names': category(keypoints=[]),
    'other names': category(keypoints=['Kopf', 'left_hand', 'rechte Hand']),
    'a root category': categories(dict(id=0, name='people', supercategory='none')),
    'the label of a box': categories(dict(id=5, name='box', keypoints=[])),
    'two kinds of people': two_kinds_of_people,
    'other things': other_things,
    'category of nothing': everybody(category_id=44),
    'no category of people': everybody(category_id=KeyError),
    'no area': everybody(area=KeyError),
    'area 0': everybody(area=0),
    'area -1': everybody(area=-1),
    'area as text': everybody(area='1200'),
    'areas of several kinds': one_by_one,
    'area of no number': everybody(area='large'),
    'no iscrowd': everybody(iscrowd=KeyError),
    'iscrowd false': everybody(iscrowd=False),
    'no num_keypoints': everybody(num_keypoints=KeyError),
    'num_keypoints 0': everybody(num_keypoints=0),
    'no box': everybody(bbox=KeyError),
    'an empty box': everybody(bbox=[0, 0, 0, 0]),
    'no segmentation': everybody(segmentation=None),
    'the same ids': everybody(id=3),
    'no ids': everybody(id=KeyError),
    'ids from 0': lambda content: [p.update(id=i) for i, p in enumerate(content['annotations'])],
    'image ids as text': image_ids('frame-0001'),
    'image ids as digits': image_ids('17'),
    'image ids of two kinds': lambda content: everybody(image_id='1')(content),
    'image id 0': image_ids(0),
    'nested keypoints': nested,
    'visibility 1.0': lambda content: [
        p['keypoints'].__setitem__(2, 1.0) for p in content['annotations']
    ],
    'probabilities as visibility': lambda content: [
        p['keypoints'].__setitem__(slice(2, None, 3), [0.25, 0.5, 1])
        for p in content['annotations']
    ],
    'keypoints in another order': another_order,
    'more keypoints': more_keypoints,
    'backslashes': lambda content: content['images'][0].update(file_name='folder\\1.png'),
    'no size': lambda content: [content['images'][0].pop(side) for side in ('width', 'height')],
    'size as text': lambda content: content['images'][0].update(width='100', height='60'),
    'an image twice': lambda content: content['images'].append(dict(content['images'][0])),
}

REFUSED = {
    'nobody': (lambda content: content['annotations'].clear(), '1 images'),
    'keypoint count': (everybody(keypoints=[1, 2, 2]), 'keypoint count: annotation 1'),
    'no numbers': (everybody(keypoints=['x'] * 9), 'keypoints: annotation 1: keypoints'),
    'iscrowd': (everybody(iscrowd='x'), 'iscrowd: annotation 1'),
    'no image': (everybody(image_id=4), 'no such image: image 4'),
    'two images of an id': (
        lambda content: content['images'].append(dict(content['images'][0], file_name='b.png')),
        'duplicate id: image 1: id: 2 times, for different files',
    ),
    'different keypoints': (
        lambda content: (
            two_kinds_of_people(content),
            content['categories'][0].update(keypoints=['a', 'b', 'c']),
            content['categories'][1].update(keypoints=['d', 'e', 'f']),
        ),
        'person, child differ',
    ),
    'other keypoints': (
        lambda content: content['categories'][0].update(keypoints=['left_hand', 'tail', 'paw']),
        'expected keypoints head, left_hand, right_hand, got left_hand, tail, paw',
    ),
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'folder').mkdir()
    cv2.imwrite(str(tmp_path / 'folder' / '1.png'), np.zeros((60, 100, 3), np.uint8))
    return tmp_path


def build_dataset(path, test_mode=True):
    init_default_scope('mmpose')
    return DATASETS.build(
        dict(
            type='CheckedCocoDataset',
            data_root=str(path.parent),
            ann_file=path.name,
            data_prefix=dict(img=''),
            metainfo=copy.deepcopy(METAINFO),
            data_mode='bottomup',
            pipeline=ae_test_pipeline(ae_codec(input_size=(64, 64))) if test_mode else [],
            test_mode=test_mode,
        )
    )


def evaluate(dataset, kind='keypoints', **options):
    """AP of perfect results."""
    metric = METRICS.build(
        dict(
            type='CheckedCocoMetric',
            iou_type=kind,
            nms_mode='none',
            score_mode='bbox',
            prefix='x',
            **options,
        )
    )
    metric.dataset_meta = dataset.metainfo
    for index in range(len(dataset)):
        sample = dataset[index]['data_samples']
        found = POINTS if dataset.get_data_info(index)['id'] else POINTS[:0]
        sample.pred_instances = InstanceData(
            keypoints=found, keypoint_scores=np.ones(found.shape[:2])
        )
        metric.process({}, [sample.to_dict()])
    return metric.evaluate(len(dataset))['x/AP']


@pytest.mark.parametrize('name', UNDERSTOOD)
def test_what_is_trained_on_is_what_is_evaluated(folder, name):
    content = document()
    UNDERSTOOD[name](content)
    path = folder / 'a.json'
    path.write_text(json.dumps(content))

    trained = build_dataset(path, test_mode=False)
    assert len(trained) == 1
    info = trained.get_data_info(0)
    np.testing.assert_array_equal(info['keypoints'], POINTS)
    assert (info['keypoints_visible'] > 0).all() and info['invalid_segs'] == []

    dataset = build_dataset(path)
    assert evaluate(dataset, ann_file=str(path)) == pytest.approx(1)
    assert evaluate(dataset) == pytest.approx(1)

    truth = Truth.load(path, SKELETON)
    (number,) = truth.files
    result = PoseResult(
        keypoints=POINTS,
        keypoint_scores=np.ones((2, 3)),
        scores=np.ones(2),
        skeleton=SKELETON,
        image_size=(100, 60),
    )
    assert truth.average_precision({number: result}) == pytest.approx(100)

    check = Check(read_annotations(path), folder, NAMES)
    assert not any(problem.malformed for problem in check.problems)
    fixed, _ = check.fixed()
    (folder / 'b.json').write_text(json.dumps(fixed))
    assert Check(fixed, folder, NAMES).problems == []
    assert len(read_people(folder / 'b.json', NAMES)['annotations']) == 2


@pytest.mark.parametrize('name', REFUSED)
def test_what_cannot_be_understood_is_refused_by_all(folder, name):
    content = document()
    change, message = REFUSED[name]
    change(content)
    path = folder / 'a.json'
    path.write_text(json.dumps(content))
    metainfo = build_metainfo()

    def metric():
        METRICS.build(dict(type='CheckedCocoMetric', ann_file=str(path))).dataset_meta = metainfo

    for read in (
        lambda: build_dataset(path, test_mode=False),
        metric,
        lambda: Truth.load(path, SKELETON) if name != 'other keypoints' else metric(),
    ):
        with pytest.raises(LitePoseError) as caught:
            read()
        assert str(path) in str(caught.value) and message in str(caught.value)
        assert '\n' not in str(caught.value)
    problems = Check(read_annotations(path), names=NAMES).problems
    assert any(problem.malformed for problem in problems)


def build_metainfo():
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    return parse_pose_metainfo(copy.deepcopy(METAINFO))


@pytest.fixture
def notices(monkeypatch):
    """What reading says of files that it takes as they are."""
    told = []
    monkeypatch.setattr(
        'litepose_mm.annotations.document.print_log',
        lambda text, logger, level: told.append(text),
    )
    return told


@pytest.mark.parametrize(
    ('own', 'told'),
    [
        (['Head', 'left-hand', 'RIGHT HAND'], None),
        (['right_hand', 'head', 'left_hand'], None),
        (['Kopf', 'left_hand', 'rechte Hand'], 'Kopf as head, rechte Hand as right_hand; if'),
    ],
)
def test_names_that_differ_are_told_once(tmp_path, notices, own, told):
    content = document()
    category(keypoints=own)(content)
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    for _ in range(2):
        read_people(path, NAMES)
    problems = Check(content, names=NAMES).problems
    if told is None:
        assert not notices and not any('order where' in str(problem) for problem in problems)
    else:
        assert len(notices) == 1 and str(path) in notices[0] and told in notices[0]
        (problem,) = problems
        assert problem.kind == 'names' and told in str(problem)
        fixed, _ = Check(content, names=NAMES).fixed()
        assert Check(fixed, names=NAMES).problems == []


def test_crowdpose_calls_the_top_of_the_head_so(tmp_path, notices):
    content = document()
    category(keypoints=['head', 'left_hand', 'right_hand'])(content)
    (tmp_path / 'a.json').write_text(json.dumps(content))
    read_people(tmp_path / 'a.json', ('top_head', *NAMES[1:]))
    assert not notices


@pytest.mark.parametrize(
    'encoding, told',
    [
        ('utf-8', 'utf-8'),
        ('utf-8-sig', 'utf-8-sig'),
        ('utf-16', 'utf-16'),
        ('utf-16-le', 'utf-16-le'),
        ('latin-1', 'cp1252'),
    ],
)
def test_encodings(tmp_path, encoding, told):
    content = document()
    content['images'][0]['file_name'] = 'Zürich.png'
    path = tmp_path / 'a.json'
    path.write_bytes(json.dumps(content, ensure_ascii=False).encode(encoding))
    assert read_people(path)['images'][0]['file_name'] == 'Zürich.png'
    assert read_text(path)[1] == told


def test_who_is_not_evaluated(folder):
    """A person without keypoints and a crowd are neither missed nor trained on."""
    content = document()
    for index in (0, 1):
        nobody = dict(content['annotations'][0], id=10 + index, bbox=[0, 45, 90, 10], area=0)
        nobody.update(keypoints=[], num_keypoints=0, iscrowd=index)
        nobody['segmentation'] = [[0, 45, 90, 45, 90, 55]]
        content['annotations'].append(nobody)
    path = folder / 'a.json'
    path.write_text(json.dumps(content))
    assert evaluate(build_dataset(path), ann_file=str(path)) == pytest.approx(1)
    info = build_dataset(path, test_mode=False).get_data_info(0)
    assert len(info['invalid_segs']) == 2


def test_crowdpose_rule_with_and_without_a_crowd_index(folder):
    content = document()
    empty = dict(content['images'][0], id=2)
    content['images'].append(empty)
    path = folder / 'a.json'
    path.write_text(json.dumps(content))
    options = dict(kind='keypoints_crowd', use_area=False)
    assert evaluate(build_dataset(path), ann_file=str(path), **options) == pytest.approx(1)
    for image in content['images']:
        image['crowdIndex'] = 0.5
    path.write_text(json.dumps(content))
    dataset = build_dataset(path)
    assert [dataset[index]['data_samples'].crowd_index for index in (0, 1)] == [0.5, 0.5]


def test_metrics_of_keypoints_take_the_samples_of_a_pipeline(folder):
    """Truth and results are both in pixels of the image, whatever the pipeline did."""
    path = folder / 'a.json'
    path.write_text(json.dumps(document()))
    dataset = build_dataset(path)
    metric = METRICS.build(dict(type='BottomupPCKAccuracy', thr=0.01, prefix='x'))
    metric.dataset_meta = dataset.metainfo
    sample = dataset[0]['data_samples']
    sample.pred_instances = InstanceData(keypoints=POINTS[::-1], keypoint_scores=np.ones((2, 3)))
    metric.process({}, [sample.to_dict()])
    assert metric.evaluate(1) == {'x/PCK': 1, 'x/PCK found': 1}


def test_without_sigmas_only_what_needs_them_is_refused(folder):
    path = folder / 'a.json'
    path.write_text(json.dumps(document()))
    metainfo = dict(build_metainfo(), sigmas=np.zeros(0, np.float32))
    with pytest.raises(LitePoseError, match="'mini': COCO's metric .* needs sigmas"):
        METRICS.build(dict(type='CheckedCocoMetric', ann_file=str(path))).dataset_meta = metainfo
    with pytest.raises(LitePoseError, match="'mini': AP .* needs sigmas"):
        Truth.load(path, Skeleton('mini', NAMES, (), (0, 2, 1)))
