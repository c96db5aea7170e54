import numpy as np
import pytest
import torch
from mmengine.dataset import Compose, pseudo_collate
from networks import TINY, litepose
from pipelines import ae_codec, ae_test_pipeline

from litepose_mm.datasets.transforms import BottomupResizeAlign
from litepose_mm.preprocessing.resize import aligned_size, resize_align

IMAGE = np.random.default_rng(0).integers(0, 255, (45, 61, 3), dtype=np.uint8)


def test_keys_lead_back_to_the_image():
    results = BottomupResizeAlign((64, 64))(dict(img=IMAGE))
    width, height = results['input_size']
    assert (height, width) == results['img_shape'] == results['img'].shape[:2] == (64, 128)
    # The way MMPose's estimators go back, against ours.
    points = np.random.default_rng(1).uniform(0, 64, (4, 2))
    mmpose = (
        points / results['input_size'] * results['input_scale']
        + results['input_center']
        - 0.5 * results['input_scale']
    )
    own = resize_align(IMAGE, aligned_size((61, 45), 64)).to_original(points)
    np.testing.assert_allclose(mmpose, own, atol=1e-4)


def test_the_short_side_of_a_pair_counts():
    assert BottomupResizeAlign((128, 64))(dict(img=IMAGE))['img_shape'] == (64, 128)
    assert 'input_size=64' in repr(BottomupResizeAlign((128, 64)))


def test_scales():
    results = BottomupResizeAlign((128, 128), aug_scales=[0.5, 2])(dict(img=IMAGE))
    assert [image.shape[:2] for image in results['img']] == [(128, 256), (64, 128), (256, 512)]
    assert results['input_size'] == (256, 128) and results['aug_scales'] == [0.5, 2.0]


@pytest.mark.parametrize('flip', [False, True])
def test_multiscale_test_of_a_batch(flip):
    torch.manual_seed(0)
    codec = ae_codec((64, 64), decode_topk=3)
    model = litepose(TINY, 5, decoder=codec, test_cfg=dict(flip_test=flip, multiscale_test=True))
    pipeline = Compose(ae_test_pipeline(codec, aug_scales=[0.5, 2]))
    data = pipeline(dict(img=IMAGE, flip_indices=[0, 2, 1, 4, 3]))
    batch = pseudo_collate([data, data])
    with torch.no_grad():
        results = model.test_step(batch)
    assert len(results) == 2
    for result in results:
        assert result.pred_instances.keypoints.shape[1:] == (5, 2)
