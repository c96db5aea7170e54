"""Lightweight OpenPose in every engine, from image to people."""

import cv2
import numpy as np
import pytest
import torch
from deploy_networks import with_statistics
from mmpose.apis import inference_bottomup
from part_affinity_people import narrow_config

from litepose_mm import PoseEstimator as TorchEstimator
from litepose_mm.deploy import export_model
from litepose_mm.runtime import ModelCard, PoseEstimator


@pytest.fixture(scope='module')
def torch_side(tmp_path_factory):
    path = tmp_path_factory.mktemp('narrow') / 'narrow.py'
    narrow_config().dump(path)
    torch.manual_seed(0)
    with pytest.warns(UserWarning, match='random'):
        estimator = TorchEstimator(path, device='cpu')
    with_statistics(estimator.model)
    return estimator


@pytest.mark.parametrize('engine', ['onnxruntime', 'openvino', 'ncnn'])
def test_the_same_people(torch_side, tmp_path, engine):
    pytest.importorskip(engine)
    if engine == 'ncnn':
        pytest.importorskip('pnnx')
    shape = (64, 96) if engine == 'ncnn' else None
    export_model(torch_side.model, None, tmp_path / 'out', engine=engine, input_shape=shape)
    card = ModelCard.load(tmp_path / 'out')
    assert card.decoder.kind() == 'part_affinity' and card.resize.kind() == 'fixed_height'
    assert card.channel_order == 'bgr' and card.mean == (128, 128, 128)
    assert (card.resize.height, card.resize.divisor) == (64, 8)
    estimator = PoseEstimator(tmp_path / 'out')
    assert estimator.panel_names == ('heatmaps', 'fields')
    random = np.random.default_rng(0)
    for size in ((50, 75), (100, 150)):
        image = random.integers(0, 255, (*size, 3), dtype=np.uint8)
        image = cv2.GaussianBlur(image, (0, 0), 3)
        found, expected = estimator(image), torch_side(image)
        assert len(expected) > 3
        np.testing.assert_allclose(found.keypoints, expected.keypoints, atol=0.1)
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-3)


def test_with_flip_test(torch_side, tmp_path):
    """The export itself compares the graph with torch."""
    pytest.importorskip('onnxruntime')
    card = export_model(torch_side.model, None, tmp_path / 'out', flip_test=True)
    assert card.flip_test and card.input_shape is None


def test_mmposes_own_test_path_finds_the_same(torch_side):
    image = np.random.default_rng(1).integers(0, 255, (70, 105, 3), dtype=np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 3)
    expected = torch_side(image)
    found = inference_bottomup(torch_side.model, image)[0].pred_instances
    assert len(expected) > 3
    np.testing.assert_allclose(found.keypoints, expected.keypoints, atol=1e-3)
    np.testing.assert_allclose(found.bbox_scores, expected.scores, atol=1e-4)
