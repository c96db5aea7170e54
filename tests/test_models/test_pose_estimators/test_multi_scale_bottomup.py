import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.models import build_pose_estimator
from mmpose.structures import PoseDataSample
from networks import TINY, litepose, litepose_config

from litepose_mm.errors import LitePoseError
from litepose_mm.models.utils.candidates import find_candidates

K = 6
FLIP = [0, 2, 1, 4, 3, 5]


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(3)
    return litepose(TINY, K)


@pytest.mark.parametrize('shift', [False, True])
@pytest.mark.parametrize('flip', [False, True])
@torch.no_grad()
def test_maps_are_what_the_decoder_gets(model, flip, shift):
    images = torch.randn(2, 3, 64, 96)
    feats = model.extract_feat(images)
    if flip:
        feats = [feats, model.extract_feat(images.flip(-1))]
    expected = model.head.test_time_maps(feats, FLIP, flip, shift)
    found = model.deploy_forward(images, flip_test=flip, flip_indices=FLIP, shift_heatmap=shift)
    for one, other in zip(found, expected):
        assert torch.equal(one, other)


@torch.no_grad()
def test_candidates_are_those_of_the_maps(model):
    images = torch.randn(2, 3, 64, 96)
    heatmaps, tags = model.deploy_forward(images, flip_test=True, flip_indices=FLIP)
    tags = torch.nn.functional.interpolate(tags, scale_factor=2, mode='bilinear')
    found = model.deploy_forward(
        images, 'candidates', flip_test=True, flip_indices=FLIP, top_k=7, nms_kernel=3
    )
    assert found.tags.shape == (2, K, 7, 2)
    for one, other in zip(found, find_candidates(heatmaps, tags, 7, 3)):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(outputs='people'), 'outputs must be one of maps, candidates'),
        (dict(flip_test=True), 'needs flip_indices'),
    ],
)
def test_bad_options_are_one_line(model, options, message):
    with pytest.raises(LitePoseError, match=message):
        model.deploy_forward(torch.zeros(1, 3, 64, 64), **options)


def test_another_head_is_one_line():
    config = litepose_config(TINY, K)
    config['head'] = dict(
        type='AssociativeEmbeddingHead',
        in_channels=24,
        num_keypoints=K,
        keypoint_loss=dict(type='KeypointMSELoss'),
    )
    with pytest.raises(LitePoseError, match='a MultiLevelAEHead, got AssociativeEmbeddingHead'):
        build_pose_estimator(config).deploy_forward(torch.zeros(1, 3, 64, 64))


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
