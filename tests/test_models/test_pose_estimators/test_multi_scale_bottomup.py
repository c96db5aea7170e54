import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.models import build_pose_estimator
from mmpose.structures import PoseDataSample
from networks import TINY, litepose, litepose_config
from pipelines import ae_codec

from litepose_mm.errors import LitePoseError
from litepose_mm.models.utils.candidates import find_candidates
from litepose_mm.models.utils.deploy_graph import DeployGraph, deploy_decoder

K = 6
FLIP = [0, 2, 1, 4, 3, 5]


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(3)
    codec = ae_codec(input_size=(64, 64), decode_topk=7, decode_nms_kernel=3)
    return litepose(TINY, K, decoder=codec, test_cfg=dict(flip_test=False))


def deploy(model, images, outputs=None, flip_test=False):
    decoder = deploy_decoder(model, outputs, flip_test)
    return DeployGraph(model, decoder, flip_test, FLIP)(images)


@pytest.mark.parametrize('shift', [False, True])
@pytest.mark.parametrize('flip', [False, True])
@torch.no_grad()
def test_maps_are_what_the_decoder_gets(model, flip, shift, monkeypatch):
    monkeypatch.setitem(model.test_cfg, 'shift_heatmap', shift)
    images = torch.randn(2, 3, 64, 96)
    feats = model.extract_feat(images)
    if flip:
        feats = [feats, model.extract_feat(images.flip(-1))]
    expected = model.head.test_time_maps(feats, FLIP, flip, shift)
    found = deploy(model, images, flip_test=flip)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)


@torch.no_grad()
def test_candidates_are_those_of_the_maps(model):
    images = torch.randn(2, 3, 64, 96)
    heatmaps, tags = deploy(model, images, flip_test=True)
    tags = torch.nn.functional.interpolate(tags, scale_factor=2, mode='bilinear')
    found = deploy(model, images, 'candidates', flip_test=True)
    assert found[2].shape == (2, K, 7, 2)
    for one, other in zip(found, find_candidates(heatmaps, tags, 7, 3), strict=True):
        assert torch.equal(one, other)


def test_bad_options_are_one_line(model):
    with pytest.raises(LitePoseError, match="'maps' or 'candidates', got 'people'"):
        deploy_decoder(model, 'people')
    with pytest.raises(LitePoseError, match='flip_indices'):
        DeployGraph(model, deploy_decoder(model), flip_test=True)


def test_another_head_is_one_line():
    config = litepose_config(TINY, K)
    config['head'] = dict(
        type='AssociativeEmbeddingHead',
        in_channels=24,
        num_keypoints=K,
        keypoint_loss=dict(type='KeypointMSELoss'),
    )
    with pytest.raises(LitePoseError, match='AssociativeEmbeddingHead cannot be exported'):
        deploy_decoder(build_pose_estimator(config))


def test_missing_keypoints_stay_at_zero(model):
    people = InstanceData(keypoints=np.full((1, 2, 2), 8.0), keypoint_scores=np.float32([[0.5, 0]]))
    people.keypoints[0, 1] = 0
    sample = PoseDataSample(metainfo=dict(input_size=(64, 64), input_center=5, input_scale=128))
    (sample,) = model.add_pred_to_datasample([people], None, [sample])
    assert sample.pred_instances.keypoints.tolist() == [[[-43, -43], [0, 0]]]


@pytest.mark.parametrize('norm_eval', [False, True])
def test_statistics_stay_where_asked(norm_eval):
    model = build_pose_estimator(dict(litepose_config(TINY, K), norm_eval=norm_eval)).train()
    before = {name: value.clone() for name, value in model.named_buffers()}
    levels = model.head(model.extract_feat(torch.randn(2, 3, 64, 64) + 1))
    sum(level.square().mean() for level in levels).backward()
    changed = [not torch.equal(value, before[name]) for name, value in model.named_buffers()]
    assert any(changed) != norm_eval
    assert all(parameter.grad is not None for parameter in model.parameters())
