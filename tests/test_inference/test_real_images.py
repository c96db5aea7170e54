"""The authors' weights on real images: every engine finds what torch finds."""

import cv2
import numpy as np
import pytest
from exported import ENGINES, assert_same_people, export, torch_outputs

from litepose_mm import PoseEstimator as TorchEstimator
from litepose_mm.runtime import PoseEstimator

WEIGHTS = 'weights/litepose-auto-m_crowdpose_official.pth.tar'


@pytest.fixture(scope='module')
def images(shared_file):
    folders = [shared_file(f'data/{name}_samples') for name in ('coco', 'crowdpose')]
    return [cv2.imread(str(path)) for folder in folders for path in sorted(folder.glob('*.jpg'))]


@pytest.fixture(scope='module', params=[False, True], ids=['plain', 'flip'])
def torch_side(request, shared_file, images):
    """The torch estimator, and what it finds on each image."""
    estimator = TorchEstimator(
        'litepose-m_crowdpose', shared_file(WEIGHTS), device='cpu', flip_test=request.param
    )
    found = estimator(images)
    assert sum(map(len, found)) > 10
    return estimator, found


@pytest.mark.slow
@pytest.mark.parametrize('name', ['onnxruntime', 'openvino'])
def test_dynamic(torch_side, images, tmp_path, name):
    estimator, expected = torch_side
    runtime = PoseEstimator(export(estimator, tmp_path / 'model', name), threads=1)
    for own, torchs in zip(runtime(images), expected, strict=True):
        assert_same_people(own, torchs)


@pytest.mark.slow
@pytest.mark.parametrize('name', ENGINES)
def test_static(torch_side, images, tmp_path, name):
    estimator, expected = torch_side
    shape = (448, 640)
    folder = export(estimator, tmp_path / 'model', name, shape)
    runtime = PoseEstimator(folder, threads=1)
    alike = 0
    for image, torchs in zip(images, expected, strict=True):
        own = runtime(image)
        (resized,), batch, _ = runtime.prepare(image)
        if estimator.prepare(image).inputs.shape[1:3] == shape:
            alike += 1
            assert_same_people(own, torchs)
            continue
        maps = torch_outputs(estimator.model, batch, flip_test=runtime.card.flip_test)
        (same_input,) = runtime.card.decoder.decode(maps, shape, [resized.box])
        np.testing.assert_allclose(
            own.keypoints, resized.to_original(same_input.keypoints), atol=0.1
        )
    assert 0 < alike < len(images)
