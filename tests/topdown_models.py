"""Small top-down networks of all kinds of heads and codecs with random weights, and boxes."""

from functools import cache

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from networks import TINY

from litepose_mm import PoseEstimator
from litepose_mm.datasets.synthetic import SceneOptions, make_scene
from litepose_mm.decoding import SimCC
from litepose_mm.inference.preprocessing import Normaliser
from litepose_mm.utils.paths import config_path

IMAGE = make_scene(SceneOptions((160, 120)), seed=0, index=0).image
BOXES = np.array([[10, 5, 70, 110], [60.5, 20, 150, 90], [0, 0, 160, 120]], np.float32)

_HEATMAP = dict(input_size=(192, 256), heatmap_size=(48, 64), sigma=2)
_PIPELINE = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=(192, 256), use_udp=True),
    dict(type='PackPoseInputs'),
]


def _codec(name, **changes):
    return {f'{name}.{key}': value for key, value in changes.items()}


_SMALL = {
    'model.backbone.arch': dict(TINY.to_dict(), _delete_=True),
    'model.head.in_channels': TINY.stages[-1].channel,
}
_SMALL_HEAD = {
    'td-hm': {'model.head.deconv_out_channels': (16, 16)},
    'simcc': {},
    'rtmcc': {'model.head.gau_cfg.hidden_dims': 32, 'model.head.gau_cfg.s': 16},
}

# Name of the config, and overrides.
MODELS = {
    'heatmap': ('td-hm', {}),
    'dark': ('td-hm', _codec('model.head.decoder', unbiased=True)),
    'udp': (
        'td-hm',
        {
            'model.head.decoder': dict(_HEATMAP, type='UDPHeatmap', _delete_=True),
            'model.test_cfg.shift_heatmap': False,
            'test_dataloader.dataset.pipeline': _PIPELINE,
        },
    ),
    'simcc': ('simcc', {}),
    'simcc-dark': ('simcc', _codec('model.head.decoder', use_dark=True)),
    'rtmcc': ('rtmcc', {}),
}

# UDP with offsets, which only MMPose itself decodes.
_COMBINED = {
    **MODELS['udp'][1],
    'model.head.decoder': dict(_HEATMAP, type='UDPHeatmap', heatmap_type='combined', _delete_=True),
    'model.head.out_channels': 3 * 17,
}
del _COMBINED['model.head.decoder']['sigma']


@cache
def topdown(name, flip_test=True):
    """The torch estimator of one of :data:`MODELS` or of ``'combined'``."""
    prefix, options = {**MODELS, 'combined': ('td-hm', _COMBINED)}[name]
    config = {
        'td-hm': 'td-hm_litepose-s_8xb64-210e_coco-256x192',
        'simcc': 'simcc_litepose-s_8xb64-210e_coco-256x192',
        'rtmcc': 'rtmcc_litepose-s_8xb64-210e_coco-256x192',
    }[prefix]
    options = {**options, **_SMALL, **_SMALL_HEAD[prefix]}
    torch.manual_seed(0)
    with pytest.warns(UserWarning, match='random'):
        estimator = PoseEstimator(
            config_path(config), device='cpu', flip_test=flip_test, cfg_options=options
        )
    if estimator.engine is None:
        return estimator
    model = estimator.model
    crops = Normaliser(estimator.engine.card)(estimator.prepare(IMAGE, BOXES).inputs)
    with torch.no_grad():
        _measure_statistics(model, torch.from_numpy(crops))
        outputs = model.head(model.extract_feat(torch.from_numpy(crops)))
        for layer, values in zip(_last_layers(model.head), _as_tuple(outputs), strict=True):
            layer.weight /= 2 * (values - values.mean()).abs().max()
            if layer.bias is not None:
                # MMPose cannot decode UDP's heatmaps that are nowhere above 0.
                layer.bias.fill_(0.5)
    return estimator


def _measure_statistics(model, inputs):
    """Gives every BN layer the statistics of its inputs, without which features vanish."""
    layers = [each for each in model.modules() if isinstance(each, torch.nn.BatchNorm2d)]
    for layer in layers:
        layer.momentum = 1.0
    model.train()
    model.head(model.extract_feat(inputs))
    model.eval()


def _as_tuple(outputs):
    return outputs if isinstance(outputs, tuple) else (outputs,)


def _last_layers(head):
    names = 'cls_x', 'cls_y', 'mlp_head_x', 'mlp_head_y'
    return [getattr(head, name) for name in names if hasattr(head, name)] or [head.final_layer]


def well_placed(estimator, boxes=BOXES):
    """Which keypoints (N, K) on the image are refined by a few pixels at most.

    Trained networks have such peaks. Those of noise can be flat: the top of a parabola through them
    lies anywhere, and moves with the rounding.
    """
    prepared = estimator.prepare(IMAGE, boxes)
    outputs, decoder = estimator.infer(prepared), estimator.engine.card.decoder
    if isinstance(decoder, SimCC):
        plain, far = replace(decoder, blur_kernels=None), 6.0
    else:
        plain = replace(decoder, refinement='quarter')
        far = 1.5 * decoder.stride if decoder.refinement != 'quarter' else np.inf
    shape = prepared.inputs.shape[1:3]
    one, other = (
        np.concatenate(
            [each.keypoints for each in kind.decode(outputs, shape, [None] * len(boxes))]
        )
        for kind in (decoder, plain)
    )
    return (np.abs(one - other) <= far).all(axis=-1)


def assert_same_poses(one, other, pixels=0.01, scores=1e-5, where=True):
    """Whether two results agree; keypoints that were found barely may be missing in one."""
    np.testing.assert_allclose(one.keypoint_scores, other.keypoint_scores.clip(min=0), atol=scores)
    np.testing.assert_allclose(one.scores, one.keypoint_scores.mean(axis=1), atol=scores)
    found = where & (one.keypoint_scores > 10 * scores)
    assert found.mean() > 0.2
    np.testing.assert_allclose(one.keypoints[found], other.keypoints[found], atol=pixels)
