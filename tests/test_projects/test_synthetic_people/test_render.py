"""The tool that writes scenes as files."""

import importlib.util
from pathlib import Path

import cv2
import pytest
from mmengine.config import Config
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from xtcocotools.coco import COCO
from xtcocotools.cocoeval import COCOeval

from litepose_mm.datasets.datasets.synthetic_people_dataset import KEYPOINT_SETS
from litepose_mm.datasets.synthetic import SceneOptions
from litepose_mm.structures import Skeleton

TOOL = Path(__file__).resolve().parents[3] / 'projects/synthetic_people/tools/render.py'

CONFIGS = sorted(TOOL.parents[1].glob('configs/*.py'))


def load_tool():
    spec = importlib.util.spec_from_file_location('render_people', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    'keypoints, kind', [('coco', 'keypoints'), ('crowdpose', 'keypoints_crowd')]
)
def test_rendered_files_evaluate_to_1_against_themselves(tmp_path, keypoints, kind):
    tool = load_tool()
    metainfo = parse_pose_metainfo(KEYPOINT_SETS[keypoints])
    options = SceneOptions(image_size=(160, 128), people=(1, 4))
    path = tool.render(tmp_path, 'val', options, 1, 16, Skeleton.from_metainfo(metainfo))
    assert path == tmp_path / 'annotations/person_keypoints_val.json'
    assert sorted(p.name for p in (tmp_path / 'val').iterdir()) == [
        f'{i:06d}.png' for i in range(16)
    ]
    truth = COCO(str(path))
    labelled = [a for a in truth.dataset['annotations'] if a['num_keypoints']]
    found = [
        dict(image_id=a['image_id'], category_id=1, keypoints=a['keypoints'], score=1.0)
        for a in labelled
    ]
    evaluation = COCOeval(truth, truth.loadRes(found), kind, metainfo['sigmas'], use_area=True)
    evaluation.params.useSegm = None
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1)
    for annotation in labelled:
        mask = truth.annToMask(annotation)
        assert mask.shape == (128, 160) and mask.sum() <= annotation['area']


def test_contact_sheet(tmp_path):
    tool = load_tool()
    skeleton = Skeleton.from_metainfo(parse_pose_metainfo(KEYPOINT_SETS['coco']))
    tool.contact_sheet(tmp_path / 'a.jpg', SceneOptions(image_size=(64, 64)), 0, 3, skeleton)
    assert cv2.imread(str(tmp_path / 'a.jpg')).shape == (3 * 64, 128, 3)


def test_data_set_draws_these_people():
    from synthetic_people.dataset import ClothedPeopleDataset

    from litepose_mm.datasets.datasets import SyntheticPeopleDataset

    images = [
        kind(num_images=2, image_size=(64, 64))[0]['img']
        for kind in (ClothedPeopleDataset, SyntheticPeopleDataset)
    ]
    assert images[0].shape == images[1].shape and (images[0] != images[1]).any()


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_configs(path):
    config = Config.fromfile(path)
    loaders = [value for key, value in config.items() if key.endswith('_dataloader')]
    assert len(loaders) >= 3
    assert {loader.dataset.type for loader in loaders} == {'ClothedPeopleDataset'}
