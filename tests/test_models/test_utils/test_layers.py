import torch

import litepose_mm.modules  # noqa: F401
from litepose_mm.models.utils.layers import (
    conv_bn_act,
    deconv_2x,
    separable_conv,
)


def test_layers_keep_or_change_the_resolution():
    x = torch.zeros(1, 4, 9, 12)
    assert conv_bn_act(4, 6, 7)(x).shape == (1, 6, 9, 12)
    assert conv_bn_act(4, 6, 3, stride=2)(x).shape == (1, 6, 5, 6)
    assert separable_conv(4, 6, 5)(x).shape == (1, 6, 9, 12)
    assert deconv_2x(4, 6)(x).shape == (1, 6, 18, 24)


def test_activation_is_optional():
    assert not hasattr(conv_bn_act(4, 4, 1), 'act')
    assert hasattr(conv_bn_act(4, 4, 1, act_cfg=dict(type='ReLU6')), 'act')
