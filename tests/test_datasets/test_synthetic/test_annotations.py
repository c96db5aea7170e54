"""Truth in COCO's and CrowdPose's form."""

import json

import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from litepose_mm.annotations import crowd_index
from litepose_mm.datasets.datasets.synthetic_people_dataset import KEYPOINT_SETS
from litepose_mm.datasets.synthetic import (
    KEYPOINTS,
    SceneOptions,
    make_scene,
    person_annotations,
    select_keypoints,
)
from litepose_mm.errors import LitePoseError


def person(bbox, points) -> dict:
    keypoints = np.column_stack([points, np.full(len(points), 2)])
    return dict(bbox=bbox, keypoints=keypoints.ravel().tolist(), num_keypoints=len(points))


@pytest.mark.parametrize('name', KEYPOINT_SETS)
def test_selection_has_the_names_of_the_metainfo(name):
    metainfo = parse_pose_metainfo(KEYPOINT_SETS[name])
    names = [metainfo['keypoint_id2name'][i] for i in range(metainfo['num_keypoints'])]
    assert [KEYPOINTS[i] for i in select_keypoints(names)] == names


def test_selection_knows_other_names_and_refuses_unknown_ones():
    assert KEYPOINTS[select_keypoints(['head_top'])[0]] == 'top_head'
    with pytest.raises(LitePoseError, match='named tail'):
        select_keypoints(['nose', 'tail'])


def test_annotations_are_consistent():
    selection = select_keypoints(['left_wrist', 'nose', 'right_hip'])
    for index in range(40):
        people = make_scene(SceneOptions(), 4, index, paint=False).people
        annotations = person_annotations(people, index, selection)
        assert len({a['id'] for a in annotations}) == len(annotations) <= len(people)
        assert 0 <= crowd_index(annotations) <= 1
        for annotation in annotations:
            x, y, flag = np.reshape(annotation['keypoints'], (-1, 3)).T
            assert annotation['num_keypoints'] == np.count_nonzero(flag)
            assert not x[flag == 0].any() and not y[flag == 0].any()
            assert annotation['segmentation'] or annotation['num_keypoints']
            json.dumps(annotation)


def test_hidden_person_is_not_labelled():
    scene = make_scene(SceneOptions(people=(1, 1), occluders=(0, 0)), 0, 1, paint=False)
    (seen,) = scene.people
    part = np.zeros_like(seen.mask)
    y, x = np.argwhere(seen.mask)[len(np.argwhere(seen.mask)) // 2]
    part[y - 1 : y + 2, x - 1 : x + 2] = True
    hardly = seen._replace(visible_area=9, mask=part)
    everything = np.arange(len(KEYPOINTS))
    (annotation,) = person_annotations([hardly], 0, everything)
    assert annotation['num_keypoints'] == 0 and not any(annotation['keypoints'])
    assert annotation['segmentation']
    assert person_annotations([seen._replace(visible_area=0)], 0, everything) == []


def test_crowd_index_by_hand():
    alone = person([0, 0, 10, 10], [(1, 1), (9, 9)])
    other = person([8, 0, 10, 10], [(9, 1), (17, 9)])
    assert crowd_index([]) == crowd_index([alone]) == 0
    # one of the other's two keypoints is in the first box, one of the first's is in the other's
    assert crowd_index([alone, other]) == pytest.approx(0.5)
    assert crowd_index([alone, dict(alone)]) == 1
    unlabelled = dict(alone, num_keypoints=0)
    assert crowd_index([alone, unlabelled]) == 0
