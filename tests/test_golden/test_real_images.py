"""The authors' trained weights on real images, against their procedure written out plainly."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from mmpose.apis import inference_bottomup, init_model

from litepose_mm.checkpoints import load_weights
from litepose_mm.decoding import default_keypoint_order
from litepose_mm.testing import reference
from litepose_mm.utils.paths import config_path, mim_root
from litepose_mm.zoo import get_model

WEIGHTS = 'weights/litepose-auto-m_crowdpose_official.pth.tar'


@pytest.fixture(scope='module')
def model(shared_file):
    path = shared_file(WEIGHTS)
    model = init_model(str(config_path(get_model('litepose-m_crowdpose').config)), device='cpu')
    load_weights(model, path)
    return model


def samples(shared_dir):
    return sorted(shared_dir.glob('data/coco_samples/*.jpg')) + sorted(
        shared_dir.glob('data/crowdpose_samples/*.jpg')
    )


@pytest.mark.slow
@pytest.mark.parametrize('flip', [False, True])
def test_keypoints_are_the_authors(model, shared_dir, monkeypatch, flip):
    monkeypatch.setitem(model.test_cfg, 'flip_test', flip)
    images = samples(shared_dir)
    assert images
    detected = close = 0
    for path in images:
        found = inference_bottomup(model, str(path))[0].pred_instances
        tensor, back = reference.preprocess(cv2.imread(str(path)), 448)
        with torch.no_grad():
            maps = reference.network_maps(
                lambda x: model.head(model.extract_feat(x)),
                tensor,
                14,
                model.dataset_meta['flip_indices'] if flip else None,
            )
        people, scores = reference.decode(*maps, default_keypoint_order(14))
        assert len(found.keypoints) == len(people) > 0, path.name
        np.testing.assert_allclose(found.bbox_scores, scores, atol=1e-4)
        distance = np.abs(found.keypoints - reference.to_image(people, back)).max(-1)
        detected += (people[..., 2] > 0).sum()
        close += (distance[people[..., 2] > 0] < 0.1).sum()
    assert close >= 0.99 * detected


@pytest.mark.slow
def test_a_converted_checkpoint_loads_in_mmpose(model, shared_file, tmp_path):
    """The converter's file through MMPose's init_model finds what the authors' file finds."""
    tool = mim_root() / 'tools/model_converters/authors_to_mmpose.py'
    converted = tmp_path / 'litepose-m.pth'
    subprocess.run(
        [sys.executable, str(tool), str(shared_file(WEIGHTS)), str(converted)], check=True
    )
    config = str(config_path(get_model('litepose-m_crowdpose').config))
    mmposes = init_model(config, str(converted), device='cpu')
    image = str(shared_file('data/coco_samples/000000197388.jpg'))
    own, other = (inference_bottomup(m, image)[0].pred_instances for m in (model, mmposes))
    assert len(own.keypoints) > 3
    np.testing.assert_array_equal(own.keypoints, other.keypoints)
