"""PCK, AUC, EPE and NME where a model finds any number of people."""

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmpose.registry import METRICS

from litepose_mm.errors import LitePoseError
from litepose_mm.evaluation.metrics.keypoint_metrics import match_people

JOINTS = 16


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmpose')


def people(count=3):
    """Annotated people, 100 pixels apart; the last keypoint of each is not labelled."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(10, 60, (count, JOINTS, 2)) + 100 * np.arange(count)[:, None, None]
    visible = np.ones((count, JOINTS))
    visible[:, -1] = 0
    low = 100.0 * np.arange(count)
    boxes = np.stack([low, low, low + 80, low + 80], axis=1)
    return dict(
        keypoints=truth,
        keypoints_visible=visible,
        bboxes=boxes,
        head_size=np.full((count, 1), 20.0),
    )


def found(keypoints, scores=None, joint_scores=None):
    count = len(keypoints)
    joint_scores = np.ones((count, JOINTS)) if joint_scores is None else joint_scores
    return dict(
        keypoints=np.asarray(keypoints),
        keypoint_scores=joint_scores,
        bbox_scores=np.ones(count) if scores is None else np.asarray(scores),
    )


def measure(kind, *samples, **options):
    metric = METRICS.build(dict(type=kind, prefix=None, **options))
    metric.dataset_meta = dict(dataset_name='mini', keypoint_id2name=dict.fromkeys(range(JOINTS)))
    for truth, prediction in samples:
        metric.process({}, [dict(gt_instances=truth, pred_instances=prediction)])
    metrics = metric.evaluate(len(samples))
    return {'found' if name.endswith(' found') else name: value for name, value in metrics.items()}


KINDS = {
    'BottomupPCKAccuracy': ('PCK', {}),
    'BottomupMpiiPCKAccuracy': ('PCK', {}),
    'BottomupJhmdbPCKAccuracy': ('PCK', dict(norm_item=['bbox', 'torso'])),
    'BottomupAUC': ('AUC', {}),
    'BottomupEPE': ('EPE', {}),
    'BottomupNME': ('NME', dict(norm_mode='use_norm_item', norm_item='bbox_size')),
}


@pytest.mark.parametrize('kind', KINDS)
def test_as_of_mmpose_where_each_image_has_one_person(kind):
    name, options = KINDS[kind]
    errors = np.linspace(0, 30, 3)
    samples = []
    for error in errors:
        truth = people(1)
        samples.append((truth, found(truth['keypoints'] + error / np.sqrt(2))))
    ours = measure(kind, *samples, **options)
    theirs = measure(kind.removeprefix('Bottomup'), *samples, **options)
    assert {key: ours[key] for key in theirs} == pytest.approx(theirs) and ours['found'] == 1
    assert name in theirs


@pytest.mark.parametrize('kind', KINDS)
def test_order_number_and_false_people_do_not_matter(kind):
    name, options = KINDS[kind]
    truth = people()
    best = measure(kind, (truth, found(truth['keypoints'])), **options)
    nobody = np.full((4, JOINTS, 2), 900.0)
    mixed = found(np.concatenate([nobody, truth['keypoints'][::-1]]), np.linspace(1, 0.5, 7))
    assert measure(kind, (truth, mixed), **options) == pytest.approx(best, nan_ok=True)
    assert best['found'] == 1


def test_who_is_missed_counts():
    truth = people()
    two = found(truth['keypoints'][[2, 0]])
    assert measure('BottomupPCKAccuracy', (truth, two))['PCK'] == pytest.approx(2 / 3)
    none = found(truth['keypoints'][:0])
    assert measure('BottomupPCKAccuracy', (truth, none)) == {'PCK': 0, 'found': 0}
    assert measure('BottomupPCKAccuracy', (truth, two), (truth, none))['found'] == 1 / 3
    missed = measure('BottomupEPE', (truth, none))
    assert np.isnan(missed['EPE']) and missed['found'] == 0
    assert measure('BottomupEPE', (truth, two)) == pytest.approx(dict(EPE=0, found=2 / 3))


def test_keypoints_that_were_not_found_are_wrong():
    truth = people(1)
    scores = np.ones((1, JOINTS))
    scores[0, :5] = 0
    some = found(truth['keypoints'], joint_scores=scores)
    assert measure('BottomupPCKAccuracy', (truth, some)) == pytest.approx(
        dict(PCK=2 / 3, found=2 / 3)
    )


def test_the_strongest_chooses_first():
    truth = people(2)
    keypoints, labelled = truth['keypoints'], truth['keypoints_visible'] > 0
    doubled = np.stack([keypoints[0] + 3, keypoints[0], keypoints[1]])
    seen = np.ones((3, JOINTS), bool)
    sizes = np.full(2, 80.0)
    for scores, expected in (([0.9, 0.5, 0.4], [0, 2]), ([0.5, 0.9, 0.4], [1, 2])):
        matched = match_people(doubled, seen, np.array(scores), keypoints, labelled, sizes)
        assert matched.tolist() == expected


def test_images_without_people():
    truth = people()
    empty = {}
    here = (truth, found(truth['keypoints']))
    there = (empty, found(truth['keypoints']))
    assert measure('BottomupPCKAccuracy', here, there) == {'PCK': 1, 'found': 1}
    with pytest.raises(LitePoseError, match='expected annotated people'):
        measure('BottomupPCKAccuracy', there)
