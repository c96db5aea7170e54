"""Synthetic people in MMPose's pipelines, loaders and metrics."""

import pickle
from pathlib import Path

import mmpose.datasets  # noqa: F401  registers the transforms
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import DefaultSampler, pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.evaluation.metrics import CocoMetric
from mmpose.registry import DATASETS
from pipelines import ae_codec, ae_test_pipeline, ae_train_pipeline
from torch.utils.data import DataLoader

from litepose_mm.datasets.datasets import SyntheticPeopleDataset
from litepose_mm.datasets.datasets.synthetic_people_dataset import KEYPOINT_SETS
from litepose_mm.errors import LitePoseError

CONFIG = Path(__file__).resolve().parents[3] / 'configs/_base_/datasets/synthetic_bottomup.py'
SIZE = (96, 80)


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmpose')


def dataset(**options) -> SyntheticPeopleDataset:
    return SyntheticPeopleDataset(**{**dict(num_images=6, image_size=SIZE), **options})


@pytest.mark.parametrize('keypoints', KEYPOINT_SETS)
def test_sample_has_the_form_of_mmpose(keypoints):
    data = dataset(keypoints=keypoints, people=(3, 3))
    names = parse_pose_metainfo(KEYPOINT_SETS[keypoints])['keypoint_id2name']
    assert data.metainfo['keypoint_id2name'] == names
    assert data.metainfo['dataset_name'] == f'synthetic_{keypoints}'
    info = data[2]
    count = len(info['id'])
    assert len(data) == 6 and info['img_id'] == 2
    assert info['img'].shape == (80, 96, 3) and info['img'].dtype == np.uint8
    assert info['img_shape'] == info['ori_shape'] == (80, 96)
    assert info['keypoints'].shape == (count, len(names), 2)
    assert info['keypoints_visible'].shape == (count, len(names))
    assert info['bbox'].shape == (count, 4) and info['area'].shape == (count,)
    assert isinstance(info['crowd_index'], float)
    assert [annotation['id'] for annotation in info['raw_ann_info']] == info['id']


def test_any_keypoints_by_metainfo():
    metainfo = dict(
        dataset_name='feet',
        keypoint_info={
            i: dict(name=f'{side}_heel', swap=f'{other}_heel', type='lower', color=[0, 0, 0])
            for i, (side, other) in enumerate((('left', 'right'), ('right', 'left')))
        },
        skeleton_info={},
        joint_weights=[1.0, 1.0],
        sigmas=[0.1, 0.1],
    )
    assert dataset(metainfo=metainfo)[0]['keypoints'].shape[1:] == (2, 2)


@pytest.mark.parametrize('workers', [0, 2])
def test_same_samples_in_every_worker(workers):
    data = dataset(pipeline=ae_test_pipeline(ae_codec((64, 64))), test_mode=True)
    loader = DataLoader(
        data, batch_size=2, num_workers=workers, collate_fn=pseudo_collate,
        sampler=DefaultSampler(data, shuffle=False),
    )  # fmt: skip
    inputs = [image for batch in loader for image in batch['inputs']]
    assert len(inputs) == 6
    for index, image in enumerate(inputs):
        np.testing.assert_array_equal(image, data[index]['inputs'])


@pytest.mark.parametrize('people', [(1, 4), (0, 0)])
def test_training_pipeline(people):
    codec = ae_codec((64, 64))
    data = dataset(pipeline=ae_train_pipeline(codec), keypoints='crowdpose', people=people)
    sample = data[1]
    assert sample['inputs'].shape == (3, 64, 64)
    assert len(sample['data_samples'].gt_fields.keys()) > 0


def test_topdown_gives_one_person_a_sample():
    data = dataset(data_mode='topdown', num_images=4, people=(2, 2))
    labelled = [
        annotation['id']
        for index in range(4) for annotation in data.scene(index)[1] if annotation['num_keypoints']
    ]  # fmt: skip
    assert [data[i]['id'] for i in range(len(data))] == labelled
    assert data[0]['keypoints'].shape == (1, 17, 2) and data[0]['img'].shape == (80, 96, 3)


def test_memory_cache_changes_nothing(monkeypatch):
    plain, kept = dataset(), dataset(cache='memory')
    first = kept[3]
    monkeypatch.setattr(kept, '_draw', None)  # from now on the memory has to do
    for info in (first, kept[3]):
        np.testing.assert_array_equal(info['img'], plain[3]['img'])
        assert info['raw_ann_info'] == plain[3]['raw_ann_info']


def test_can_be_pickled_and_cut():
    data = pickle.loads(pickle.dumps(dataset(cache='memory', indices=[4, 1])))
    assert [data[i]['img_id'] for i in range(len(data))] == [4, 1]


@pytest.mark.parametrize(
    'options', [dict(keypoints='mpii'), dict(cache='disk'), dict(num_images=0), dict(seed=-1)]
)
def test_bad_options_are_refused(options):
    with pytest.raises(LitePoseError):
        dataset(**options)


@pytest.mark.parametrize(
    'keypoints, kind', [('coco', 'keypoints'), ('crowdpose', 'keypoints_crowd')]
)
def test_metric_needs_no_file(keypoints, kind):
    """The truth, given as a prediction, has AP 1; without two of three people it has less."""
    # the real one's path must not be taken for ours
    pipeline = ae_test_pipeline(ae_codec((64, 64)))
    data = dataset(keypoints=keypoints, people=(0, 4), num_images=10, pipeline=pipeline,
                   test_mode=True)  # fmt: skip
    scores = []
    for keep in (slice(None), slice(0, 1)):
        metric = CocoMetric(
            use_area=False, iou_type=kind, nms_mode='none', score_mode='bbox', prefix='x'
        )
        metric.dataset_meta = data.metainfo
        for index in range(len(data)):
            sample = data[index]['data_samples']
            labelled = [a for a in data.scene(index)[1] if a['num_keypoints']][keep]
            points = np.reshape([a['keypoints'] for a in labelled], (len(labelled), -1, 3))
            sample.pred_instances = InstanceData(
                keypoints=points[..., :2], keypoint_scores=points[..., 2]
            )
            metric.process({}, [sample.to_dict()])
        scores.append(metric.evaluate(len(data))['x/AP'])
    assert scores[0] == pytest.approx(1)
    assert scores[1] < 0.9


def test_config_builds():
    config = Config.fromfile(CONFIG)
    train = DATASETS.build(config.train_dataloader.dataset)
    val = DATASETS.build(config.val_dataloader.dataset)
    assert len(train) == 10000 and train.seed != val.seed
    assert train.metainfo['num_keypoints'] == val.metainfo['num_keypoints'] == 14
