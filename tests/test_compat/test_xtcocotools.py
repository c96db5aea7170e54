"""The stand-in for xtcocotools: its figures, beside the real one where that is installed."""

import contextlib
import copy
import importlib
import io
import json

import numpy as np
import pytest

from litepose_mm.compat import xtcocotools as own

PARTS = {
    'keypoints': 5,
    'foot_kpts': 3,
    'face_kpts': 4,
    'lefthand_kpts': 2,
    'righthand_kpts': 2,
}
SIGMAS = np.linspace(0.02, 0.11, 16)
KINDS = {
    'keypoints': SIGMAS[:5],
    'keypoints_crowd': SIGMAS[:5],
    'keypoints_body': SIGMAS[:5],
    'keypoints_foot': SIGMAS[5:8],
    'keypoints_face': SIGMAS[8:12],
    'keypoints_lefthand': SIGMAS[12:14],
    'keypoints_righthand': SIGMAS[14:],
    'keypoints_wholebody': SIGMAS,
}


@pytest.fixture(scope='module')
def real():
    """xtcocotools itself, ``(COCO, COCOeval)``."""
    try:
        importlib.import_module('xtcocotools._mask')
        coco = importlib.import_module('xtcocotools.coco')
        evaluation = importlib.import_module('xtcocotools.cocoeval')
    except (ImportError, ValueError):
        pytest.skip('no xtcocotools to compare with: it has none for numpy 2 and Python 3.12')
    return coco.COCO, evaluation.COCOeval


def scene(seed=0, images=16):
    """Annotations, and what was found: right, off, twice, nobody; all the parts of people."""
    random = np.random.default_rng(seed)
    document = {
        'images': [
            {'id': i, 'file_name': f'{i}.jpg', 'crowdIndex': float(random.uniform())}
            for i in range(images)
        ],
        'categories': [{'id': 1, 'name': 'person'}, {'id': 3, 'name': 'horse'}],
        'annotations': [],
    }
    found = []
    for image in range(images - 1):  # the last has nobody
        for _ in range(random.integers(0, 9)):
            size = random.uniform(10, 200)
            origin, shift = random.uniform(0, 300, 2), random.choice([0.01, 0.02, 0.05, 0.3]) * size
            category = int(random.choice([1, 1, 1, 3]))
            truth = {
                'id': len(document['annotations']),  # 0, too
                'image_id': image,
                'category_id': category,
                'bbox': [*(origin - size * 0.1).tolist(), size * 1.2, size * 1.1],
                'area': size**2 * 0.6,
                'iscrowd': int(random.uniform() < 0.1),
            }
            person = {'image_id': image, 'category_id': category}
            for part, count in PARTS.items():
                places = origin + random.uniform(0, size, (count, 2))
                visible = random.integers(0, 3, count) * (random.uniform() < 0.85)
                truth[part] = np.c_[places, visible].ravel().tolist()
                guess = places + random.normal(0, shift, (count, 2))
                scores = random.uniform(0, 1, count) * (random.uniform() < 0.95)
                person[part] = np.c_[guess, scores].ravel().tolist()
            truth['num_keypoints'] = int(np.sum(np.array(truth['keypoints'][2::3]) == 2))
            if random.uniform() < 0.8:
                del truth['iscrowd']
            document['annotations'].append(truth)
            for _ in range(random.integers(0, 3)):
                score = {'score': round(float(random.uniform()), 1)}
                if random.uniform() < 0.5:
                    score['foot_score'] = round(float(random.uniform()), 1)
                found.append({**person, **score})
    return document, found


def evaluate(classes, document, found, tmp_path, kind='keypoints', sigmas=None, **options):
    """What ``summarize()`` and ``accumulate()`` of ``classes`` give."""
    coco, evaluation = classes
    truth_file, found_file = tmp_path / 'truth.json', tmp_path / 'found.json'
    truth_file.write_text(json.dumps(document))
    found_file.write_text(json.dumps(found))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        truth = coco(str(truth_file))
        compared = evaluation(truth, truth.loadRes(str(found_file)), kind, sigmas, **options)
        compared.params.useSegm = None
        compared.evaluate()
        compared.accumulate()
        curves = copy.deepcopy(compared.eval)
        compared.summarize()
    return compared.stats, curves, printed.getvalue()


OWN = (own.COCO, own.COCOeval)


@pytest.mark.filterwarnings('ignore:.*_score. not found')
@pytest.mark.parametrize('use_area', [True, False])
@pytest.mark.parametrize('kind', KINDS)
def test_figures_are_those_of_xtcocotools(real, tmp_path, kind, use_area):
    for seed in range(3):
        given = (*scene(seed), tmp_path, kind, KINDS[kind])
        stats, curves, _ = evaluate(OWN, *given, use_area=use_area)
        expected, expected_curves, _ = evaluate(real, *given, use_area=use_area)
        np.testing.assert_allclose(stats, expected, rtol=0, atol=1e-12)
        assert 0.05 < stats[0] < 0.95
        for name in ('precision', 'recall', 'scores'):
            np.testing.assert_allclose(curves[name], expected_curves[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize('kind', ['keypoints', 'keypoints_crowd'])
def test_nothing_found_and_nobody_there(real, tmp_path, kind):
    document, found = scene()
    nobody = {**document, 'annotations': []}
    for given in ((document, []), (nobody, found), (nobody, [])):
        given = (*given, tmp_path, kind, KINDS[kind])
        np.testing.assert_array_equal(evaluate(OWN, *given)[0], evaluate(real, *given)[0])


def test_figures(tmp_path):
    """Those of xtcocotools 1.14.3, for where it is not installed."""
    document, found = scene()
    stats, _, printed = evaluate(OWN, document, found, tmp_path, 'keypoints_crowd', SIGMAS[:5])
    expected = [0.2057801457, 0.3238151202, 0.2108498350, 0.3309756098, 0.4585365854, 0.3552845528]
    np.testing.assert_allclose(stats, [*expected, 0.3457, 0.0523, 0.2521], atol=1e-9)
    assert f'hard images: {stats[8]:.3f}' in printed
    stats, *_ = evaluate(OWN, document, found, tmp_path, 'keypoints_wholebody', SIGMAS)
    expected = [0.2887332471, 0.3788121627, 0.3048847666, 0.2340486737, 0.2588941394]
    expected += [0.4131355932, 0.4957627119, 0.4364406780, 0.3738095238, 0.4022727273]
    np.testing.assert_allclose(stats, expected, atol=1e-9)


def test_what_is_right_is_found():
    """Everybody found where they are, in memory; CrowdPose's three groups by their index."""
    document, _ = scene()
    document['annotations'] = [
        {**each, 'iscrowd': 0, 'num_keypoints': 5} for each in document['annotations']
    ]
    for each in document['annotations']:
        each['keypoints'][2::3] = [2] * 5
    found = [
        {key: each[key] for key in ('image_id', 'category_id', 'keypoints')} | {'score': 0.5}
        for each in copy.deepcopy(document['annotations'])
    ]
    truth = own.COCO()
    truth.dataset = document
    truth.createIndex()
    compared = own.COCOeval(truth, truth.loadRes(found), 'keypoints_crowd', SIGMAS[:5])
    compared.evaluate()
    compared.accumulate()
    compared.summarize()
    np.testing.assert_allclose(compared.stats, 1)
    assert (compared.eval['precision'][..., 0, 0] == 1).all()  # still those of all images
    numbers = {each['id'] for each in document['annotations']}
    assert {n for one in compared.evalImgs if one for n in one['gtIds']} == numbers - {0} | {-1}
