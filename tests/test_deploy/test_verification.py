"""Comparison of an exported folder with torch, and its report."""

import json

import cv2
import numpy as np
import pytest
import torch
from exported import export, tiny_estimator

from litepose_mm import LitePoseError
from litepose_mm.analysis.timing import PARTS
from litepose_mm.deploy import report, verification
from litepose_mm.deploy.report import write_report
from litepose_mm.deploy.verification import summary_lines, verification_error, verify


@pytest.fixture(scope='module')
def tiny():
    return tiny_estimator()


@pytest.fixture(scope='module')
def photos(tmp_path_factory, tiny):
    """Two images, and annotations to which the torch model is perfect."""
    folder = tmp_path_factory.mktemp('images')
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for number, size in enumerate([(64, 64), (90, 64)], start=1):
        small = rng.integers(0, 256, (16, 16, 3), np.uint8)
        path = folder / f'{number}.png'
        cv2.imwrite(str(path), cv2.resize(small, size, interpolation=cv2.INTER_CUBIC))
        images.append(dict(id=number, file_name=path.name, width=size[0], height=size[1]))
        for person in tiny(path).to_coco(number, with_bbox=True):
            keypoints = np.reshape(person['keypoints'], (-1, 3))
            keypoints[:, 2] = 2
            person |= dict(keypoints=keypoints.flatten().tolist(), num_keypoints=len(keypoints))
            person |= dict(id=len(annotations) + 1, iscrowd=0)
            person |= dict(area=person['bbox'][2] * person['bbox'][3])
            annotations.append(person)
    category = dict(id=1, name='person', keypoints=list(tiny.skeleton.keypoint_names), skeleton=[])
    document = dict(images=images, annotations=annotations, categories=[category])
    (folder / 'truth.json').write_text(json.dumps(document))
    return folder


@pytest.fixture(scope='module')
def folder(tiny, tmp_path_factory):
    return export(tiny, tmp_path_factory.mktemp('exported') / 'model')


@pytest.fixture(scope='module')
def figures(tiny, folder, photos):
    return verify(tiny, folder, photos, photos / 'truth.json', threads=1, rounds=1)


def test_equal_models(figures):
    assert figures['images'] == 2
    assert figures['model']['name'] == 'litepose-xs_crowdpose' and figures['model']['threads'] == 1
    assert set(figures['outputs']) == {'heatmaps', 'tags'}
    assert all(0 < each['max'] < 1e-4 for each in figures['outputs'].values())
    people = figures['people']
    assert people['torch'] == people['engine'] == people['same'] > 0
    assert figures['keypoints']['max'] < 0.1 and figures['keypoints']['within_0.1'] == 1
    assert figures['ap']['keypoints'] == 14
    assert figures['ap']['torch'] == pytest.approx(figures['ap']['engine'])
    assert figures['ap']['torch'] > 50
    for side in ('torch', 'engine'):
        times = figures['milliseconds'][side]
        assert set(times) == {*PARTS, 'total'}
        assert all(0 < each['p50'] <= each['p95'] for each in times.values())


def test_another_model_is_found_out(folder, photos):
    other = tiny_estimator()
    with torch.no_grad():
        for output in other.model.head.outputs:
            output.refined.pointwise.weight *= -1
    figures = verify(other, folder, photos, threads=1, rounds=1)
    assert figures['outputs']['heatmaps']['max'] > 0.01
    assert figures['ap'] is None
    assert verification_error(figures) in summary_lines(figures)[3]
    assert summary_lines(figures)[3].startswith('not verified: expected ')


def test_candidates_are_compared_by_value(tiny, tmp_path, photos):
    folder = export(tiny, tmp_path / 'model', outputs='candidates')
    figures = verify(tiny, folder, photos / '1.png', threads=1, rounds=1)
    assert figures['images'] == 1
    assert set(figures['outputs']) == {'values'}
    assert figures['people']['same'] == figures['people']['torch'] > 0
    assert figures['keypoints']['max'] < 0.1


def test_people_are_matched_by_likeness(figures):
    class People:
        def __init__(self, *shifts):
            body = np.array([[0, 0], [100, 0], [0, 100], [100, 100]], dtype=np.float32)
            self.keypoints = np.stack([body + shift for shift in shifts])
            self.keypoint_scores = np.ones(self.keypoints.shape[:2])
            self.scores = np.ones(len(shifts))

    pairs = verification._same_people(People(0, 200, 999), People(201, 3), np.full(4, 0.05))
    assert sorted(pairs) == [(0, 1), (1, 0)]


def test_report(figures, tmp_path):
    paths = write_report(figures, tmp_path)
    assert [path.name for path in paths] == ['report.md', 'report.json', 'report.png']
    assert json.loads(paths[1].read_text()) == figures
    page = paths[0].read_text()
    assert page.startswith('# litepose-xs_crowdpose: onnxruntime fp32 against torch\n')
    (verdict,) = summary_lines(figures)[3:]
    assert verdict.startswith('verified: ') and '2 shapes' in verdict
    assert all(line in page for line in summary_lines(figures))
    assert all(f'| {part} | ' in page for part in (*PARTS, 'total'))
    assert cv2.imread(str(paths[2])).std() > 10


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        (dict(people=dict(torch=200, engine=200, same=198)), None),
        (
            dict(people=dict(torch=200, engine=200, same=197)),
            '200 people that torch finds, got 200',
        ),
        (dict(people=dict(torch=9, engine=10, same=9)), '9 people that torch finds, got 10'),
        (dict(people=dict(torch=0, engine=0, same=0), keypoints=None), 'got none'),
        (dict(batch=0.011), 'for two inputs at once, got a difference of 1.1 %'),
        (dict(keypoints=dict(p99=0.11)), 'within 0.1 px of those of torch, got 0.110 px'),
        (dict(model=dict(precision='int8'), keypoints=dict(p99=9)), None),
    ],
)
def test_verification_error(figures, changes, words):
    found = verification_error({**figures, **changes})
    assert found is None if words is None else words in found


def test_a_verdict_counts_what_differs(figures):
    people = dict(torch=200, engine=199, same=199)
    keypoints = {**figures['keypoints'], 'count': 3000, 'max': 15.6, 'within_0.1': 1 - 2 / 3000}
    *_, verdict = summary_lines({**figures, 'people': people, 'keypoints': keypoints})
    assert verdict.startswith('verified: the same results as torch ')
    assert 'except 1 of 200 people and 2 of 3,000 keypoints (more than 0.1 px apart)' in verdict
    assert 'except' not in summary_lines(figures)[-1]


def test_report_where_nobody_is_found(figures, tmp_path):
    figures = {**figures, 'keypoints': None, 'ap': None}
    assert 'no keypoints to compare' in report.to_markdown(figures)
    write_report(figures, tmp_path)


def test_no_images(tiny, folder, tmp_path):
    with pytest.raises(LitePoseError, match='does not exist'):
        verify(tiny, folder, tmp_path / 'nowhere')
