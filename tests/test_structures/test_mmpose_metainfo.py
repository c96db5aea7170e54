"""Every data set that MMPose describes."""

import warnings
from pathlib import Path

import mmpose
import numpy as np
import pytest
from mmpose.datasets.datasets.utils import parse_pose_metainfo

from litepose_mm.errors import LitePoseError
from litepose_mm.structures import PoseResult, Skeleton
from litepose_mm.tracking import PoseTracker
from litepose_mm.visualization import draw_skeletons

FILES = sorted(Path(mmpose.__file__).parent.glob('.mim/configs/_base_/datasets/*.py'))


def test_there_are_some():
    assert len(FILES) >= 50


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_skeleton_of_each(path):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        metainfo = parse_pose_metainfo(dict(from_file=str(path)))
    if path.stem == 'deepfashion2':  # upstream's: 136 -> 140 -> 140
        with pytest.raises(LitePoseError, match='flip_indices.*136 -> 140 -> 140'):
            Skeleton.from_metainfo(metainfo)
        return
    skeleton = Skeleton.from_metainfo(metainfo)
    assert Skeleton.from_dict(skeleton.to_dict()) == skeleton
    count = skeleton.num_keypoints
    result = PoseResult(
        keypoints=np.random.default_rng(0).uniform(5, 55, (1, count, 2)),
        keypoint_scores=np.ones((1, count)),
        scores=np.ones(1),
        skeleton=skeleton,
        image_size=(64, 60),
    )
    image = np.zeros((60, 64, 3), np.uint8)
    assert draw_skeletons(image, result).any()
    assert len(result.to_coco(1)[0]['keypoints']) == 3 * count
    if len(metainfo['sigmas']):
        assert PoseTracker()(result, 0.0).ids is not None
    else:
        assert skeleton.sigmas is None
        with pytest.raises(LitePoseError, match=rf'tracking.*sigmas=\[0.05\] \* {count}'):
            PoseTracker()(result, 0.0)
