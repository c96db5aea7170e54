"""Backbones start from files of classification networks, and refuse those of other networks."""

import re

import pytest
import torch
from mmpose.registry import MODELS
from mmpose.utils import register_all_modules
from networks import litepose
from pretrained_files import efficientnet_file, hrnet_file, mobilenet_file

from litepose_mm.checkpoints import load_backbone
from litepose_mm.errors import LitePoseError
from litepose_mm.families import get_family

register_all_modules()


def build_backbone(config, **init_cfg):
    backbone = MODELS.build(dict(config, init_cfg=dict(type='Pretrained', **init_cfg)))
    backbone.init_weights()
    return backbone


FILES = {
    'efficientnet': (efficientnet_file, dict(type='EfficientHRNet', arch=-4)),
    'mobilenet': (mobilenet_file, dict(type='DilatedMobileNet')),
    'mobilenet without classifier': (
        lambda: mobilenet_file(False),
        dict(type='DilatedMobileNet'),
    ),
    'hrnet': (
        hrnet_file,
        get_family('higherhrnet').model_config(
            get_family('higherhrnet').variants['higherhrnet-w16'], 14
        )['backbone'],
    ),
}


@pytest.mark.filterwarnings('ignore:.* tensors of the classifier')
@pytest.mark.parametrize('name', FILES)
def test_starts_from_a_classification_network(name, tmp_path):
    make, config = FILES[name]
    content, source = make()
    torch.save(content, tmp_path / 'w.pth')
    started = build_backbone(config, checkpoint=str(tmp_path / 'w.pth')).state_dict()
    expected = source.state_dict()
    if name == 'efficientnet':
        expected = {k: v for k, v in expected.items() if k.startswith('efficientnet.')}
    assert expected and all(torch.equal(started[key], value) for key, value in expected.items())


def test_an_efficientnet_of_its_own(tmp_path):
    content, source = efficientnet_file()
    torch.save(content, tmp_path / 'w.pth')
    with pytest.warns(UserWarning, match='4 tensors of the classifier are left out: features.11.1'):
        backbone = build_backbone(
            dict(type='CompactEfficientNet', arch=-4), checkpoint=str(tmp_path / 'w.pth')
        )
    for key, value in source.efficientnet.state_dict().items():
        assert torch.equal(backbone.state_dict()[key], value)


def test_finds_the_backbone_of_a_pose_network(tmp_path):
    network = litepose('litepose-xs')
    torch.save(dict(state_dict=network.state_dict()), tmp_path / 'w.pth')
    for prefix in ({}, dict(prefix='backbone'), dict(prefix='backbone.')):
        backbone = build_backbone(
            dict(type='LitePose', arch='litepose-xs'), checkpoint=str(tmp_path / 'w.pth'), **prefix
        )
        for key, value in network.backbone.state_dict().items():
            assert torch.equal(backbone.state_dict()[key], value)


def test_what_does_not_match_is_named(tmp_path):
    """MobileNet's last layers are not in the backbone, and the branches not in an EfficientNet."""
    torch.save(mobilenet_file(False)[0], tmp_path / 'w.pth')
    left = load_backbone(MODELS.build(dict(type='DilatedMobileNet')), str(tmp_path / 'w.pth'))
    assert left == '1 unexpected (layers.12.depthwise.conv.weight)'
    state = efficientnet_file()[0]
    torch.save({k: v for k, v in state.items() if '.conv.' in k}, tmp_path / 'w.pth')
    backbone = MODELS.build(dict(type='EfficientHRNet', arch=-4))
    left = load_backbone(backbone, str(tmp_path / 'w.pth'))
    assert re.match(r'\d+ missing \(efficientnet.features.0.conv.weight, .*', left)


@pytest.mark.parametrize(
    'config, file, message',
    [
        (dict(type='LitePose', arch='litepose-xs'), mobilenet_file, 'expected tensors of LitePose'),
        (dict(type='DilatedMobileNet'), efficientnet_file, 'expected tensors of DilatedMobileNet'),
        (
            dict(type='CompactEfficientNet', arch=-1),
            efficientnet_file,
            r'of another shape \(features.0.conv.weight \(24, 3, 3, 3\), model \(32, 3, 3, 3\)',
        ),
        (
            dict(type='EfficientHRNet', arch=-4),
            lambda: ({'conv.weight': torch.zeros(1)}, None),
            'got others, such as conv.weight',
        ),
    ],
)
@pytest.mark.filterwarnings('ignore:.* tensors of the classifier')
def test_other_weights_are_an_error(config, file, message, tmp_path):
    torch.save(file()[0], tmp_path / 'w.pth')
    with pytest.raises(LitePoseError, match=f'w.pth.*{message}'):
        build_backbone(config, checkpoint=str(tmp_path / 'w.pth'))


def test_a_wrong_prefix_or_file_is_an_error(tmp_path):
    config = dict(type='DilatedMobileNet')
    torch.save(mobilenet_file()[0], tmp_path / 'w.pth')
    with pytest.raises(LitePoseError, match='w.pth: expected tensors of DilatedMobileNet'):
        build_backbone(config, checkpoint=str(tmp_path / 'w.pth'), prefix='teacher')
    with pytest.raises(LitePoseError, match=f'{re.escape(str(tmp_path))}/none.pth: no such file'):
        build_backbone(config, checkpoint=str(tmp_path / 'none.pth'))
