import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData, PixelData
from mmpose.models import build_pose_estimator
from mmpose.structures import PoseDataSample

import litepose_mm.modules  # noqa: F401
from litepose_mm.errors import LitePoseError
from litepose_mm.families import get_family
from litepose_mm.families.efficientpose import chain
from litepose_mm.models import EfficientPose, EfficientPoseHead

CODEC = dict(type='MSRAHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=2)


@pytest.mark.parametrize('style', ['plain', 'mbv1', 'mbv2'])
@pytest.mark.parametrize('sic', [True, False])
def test_each_transposed_convolution_doubles_the_size(style, sic):
    head = EfficientPoseHead(12, 5, (8, 6), deconv_style=style, sic=sic)
    assert head((torch.rand(2, 12, 3, 5),)).shape == (2, 5, 12, 20)


def test_sic_is_depthwise():
    (sic,) = EfficientPoseHead(12, 5).conv_layers
    assert sic.conv.groups == sic.conv.in_channels == 32 and sic.conv.kernel_size == (3, 3)


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(deconv_style='slim'), "deconv_style: expected one of .*, got 'slim'"),
        (dict(deconv_kernel_sizes=(4, 3)), r'expected 4 for each, got \(4, 3\)'),
    ],
)
def test_refuses(values, message):
    with pytest.raises(LitePoseError, match=message):
        EfficientPoseHead(12, 5, **values)


def test_the_backbone_returns_its_deepest_feature():
    (feature,) = EfficientPose('efficientpose-small-k3e3')(torch.rand(1, 3, 64, 48))
    assert feature.shape == (1, 96, 4, 3)


def estimator():
    init_default_scope('mmpose')
    config = get_family('efficientpose').model_config(chain('small', 'K3_E3'), 5)
    config['head']['decoder'] = CODEC
    config['test_cfg'] = dict(flip_test=False)
    torch.manual_seed(0)
    return build_pose_estimator(config)


def sample():
    size = np.array([48.0, 64.0])
    own = PoseDataSample(
        metainfo=dict(input_center=size / 2, input_scale=size, input_size=(48, 64))
    )
    own.gt_fields = PixelData(heatmaps=torch.rand(5, 16, 12))
    own.gt_instance_labels = InstanceData(keypoint_weights=torch.ones(1, 5))
    own.gt_instances = InstanceData(bboxes=np.array([[0, 0, 48, 64]]), bbox_scores=np.ones(1))
    return own


def test_learns_and_predicts_in_mmposes_pipeline():
    model = estimator()
    images, samples = torch.rand(2, 3, 64, 48), [sample(), sample()]
    losses = model(images, samples, mode='loss')
    assert losses['loss_kpt'] > 0
    losses['loss_kpt'].backward()
    assert all(each.grad is not None for each in model.parameters())
    found = model.eval()(images, samples, mode='predict')
    assert found[0].pred_instances.keypoints.shape == (1, 5, 2)
