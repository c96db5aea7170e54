"""What is refused before a network predicts, in one line each."""

from pathlib import Path

import pytest
import torch
from pipelines import ae_codec, ae_test_pipeline

from litepose_mm import LitePoseError
from litepose_mm.apis.model_building import build_model
from litepose_mm.utils.paths import config_path
from litepose_mm.zoo import MODELS, get_model

MODEL = 'litepose-xs_crowdpose'
PIPELINE = """
test_dataloader = dict(dataset=dict(type='CocoDataset', pipeline=[dict(type='LoadImage')]))
"""
NEEDS_HEAD = "model = dict(type='BottomupPoseEstimator', backbone=dict(type='LitePose'))"


def refuse(*args, **kwargs) -> str:
    with pytest.raises(LitePoseError) as caught:
        build_model(*args, **kwargs)
    message = str(caught.value)
    assert '\n' not in message
    return message


@pytest.mark.filterwarnings('ignore:no weights')
@pytest.mark.parametrize('name', MODELS)
def test_every_model_of_the_zoo_is_built(name):
    network = build_model(name, device='cpu')
    assert not network.training
    assert network.dataset_meta['num_keypoints'] == get_model(name).num_keypoints


@pytest.mark.filterwarnings('ignore:no weights')
def test_a_config_is_given_by_path_or_file_name():
    path = config_path(get_model(MODEL).config)
    for config in (path, str(path), path.name, path.stem):
        assert build_model(config, device='cpu').head.num_keypoints == 14


def test_warns_once_and_about_nothing_else(recwarn):
    build_model('litepose-xs_coco', device='cpu')
    (warning,) = recwarn
    assert 'no weights' in str(warning.message) and 'random' in str(warning.message)


def test_unknown_names_give_the_nearest():
    assert MODEL in refuse('litepose-xs_crowdpos')
    assert 'ae_litepose-xs' in refuse('ae_litepose-xs_8xb16-500e_crowdpose-256x255.py')


@pytest.mark.parametrize(
    'text, message',
    [
        ('model = dict(', 'cannot read the config'),
        ('1 / 0', 'ZeroDivisionError'),
        ("custom_imports = dict(imports=['no_such_module'])", 'no_such_module'),
        ('answer = 42', 'has no `model`'),
        ('model = 42', 'has no `model`'),
        ("model = dict(type='TopdownPoseEstimator')", 'has none'),
        (NEEDS_HEAD + PIPELINE, 'expected a model with a head'),
        ("model = dict(type='BottomupPoseEstimator', head=dict(type='x'))", 'got none'),
        ("model = dict(type='NoSuchEstimator', head=dict(type='x'))" + PIPELINE, 'cannot build'),
        (
            "model = dict(type='BottomupPoseEstimator', backbone=dict(type='NoSuchNet'), "
            "head=dict(type='x'))" + PIPELINE,
            'NoSuchNet',
        ),
    ],
)
def test_configs_of_another_kind(tmp_path, text, message):
    path = tmp_path / 'config.py'
    path.write_text(text)
    refusal = refuse(path, device='cpu')
    assert message in refusal
    assert str(path) in refusal


def test_files_that_are_no_configs(tmp_path):
    path = tmp_path / 'photo.jpg'
    path.write_bytes(b'\xff\xd8')
    assert 'cannot read the config' in refuse(path)
    path = tmp_path / 'architecture.json'
    path.write_text('{"img_size": 448}')
    assert 'has no `model`' in refuse(path)


def mmpose_config(name) -> Path:
    from mmpose import __file__ as mmpose_file

    found = sorted((Path(mmpose_file).parent / '.mim' / 'configs').rglob(name))
    if not found:
        pytest.skip('this MMPose is installed without its configs')
    return found[0]


@pytest.mark.parametrize('device', ['quantum', 'cuda:x', 'meta'])
def test_unknown_devices(device):
    assert f'cpu for torch, got {device!r}' in refuse(MODEL, device=device)


def test_absent_devices(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    with pytest.warns(UserWarning, match='torch finds no cuda:1 here; using cpu'):
        network = build_model(MODEL, device='cuda:1')
    assert next(network.parameters()).device.type == 'cpu'


def test_devices_that_fail(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    with pytest.warns(UserWarning, match=r'torch cannot use cuda \(.+\); using cpu'):
        assert build_model(MODEL, device='cuda') is not None


@pytest.mark.parametrize('short_side', [0, -64, 63, 4097, 2000000, 128.5, True, '448'])
def test_short_sides(short_side):
    assert 'from 64 to 4096' in refuse(MODEL, device='cpu', short_side=short_side)


def test_options_that_do_not_fit():
    assert 'cfg_options do not fit' in refuse(MODEL, cfg_options={'model.test_cfg.flip_test.a': 1})
    assert 'cannot build' in refuse(MODEL, cfg_options={'model.head.num_keypoint': 3})


def test_multiscale_test_needs_scales_and_scales_need_it():
    refusal = refuse(MODEL, device='cpu', cfg_options={'model.test_cfg.multiscale_test': True})
    assert 'BottomupResizeAlign(aug_scales=[...])' in refusal
    pipeline = ae_test_pipeline(ae_codec((256, 256)), aug_scales=[0.5, 2])
    refusal = refuse(MODEL, cfg_options={'test_dataloader.dataset.pipeline': pipeline})
    assert 'set `model.test_cfg.multiscale_test`' in refusal


def test_head_of_mmpose_needs_flip_test():
    config = mmpose_config('ae_hrnet-w32_8xb24-300e_coco-512x512.py')
    refusal = refuse(config, device='cpu', flip_test=False)
    assert "MMPose's AssociativeEmbeddingHead" in refusal
    assert 'flip_test: ' in refusal


def test_weights_that_do_not_fit(tmp_path):
    assert 'missing.pth' in refuse(MODEL, tmp_path / 'missing.pth', device='cpu')
    torch.save({'a': torch.zeros(1)}, tmp_path / 'other.pth')
    assert 'do not fit' in refuse(MODEL, tmp_path / 'other.pth', device='cpu')
