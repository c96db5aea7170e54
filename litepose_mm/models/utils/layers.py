"""The layers of all networks of this package.

Layers are created only here, from ``conv_cfg``, ``norm_cfg`` and ``deconv_cfg``, so that networks
work with other layer types, such as elastic ones. Weights keep torch's default initialisation, as
in the authors' code; mmcv's ``ConvModule`` would re-initialise them.
"""

from __future__ import annotations

from collections import OrderedDict

from mmcv.cnn import build_activation_layer, build_conv_layer, build_norm_layer
from mmengine.registry import MODELS
from torch import nn


def conv_bn_act(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    stride: int = 1,
    groups: int = 1,
    act_cfg: dict | None = None,
    conv_cfg: dict | None = None,
    norm_cfg: dict | None = None,
    padding: int | None = None,
    dilation: int = 1,
    bias: bool = False,
    with_norm: bool = True,
) -> nn.Sequential:
    """Build ``conv``, a convolution, ``bn`` (``with_norm``) and, with ``act_cfg``, ``act``.

    ``padding`` is half of the dilated kernel by default.
    """
    layers = OrderedDict(
        conv=build_conv_layer(
            conv_cfg,
            in_channels,
            out_channels,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2 * dilation if padding is None else padding,
            dilation=dilation,
            groups=groups,
            bias=bias,
        )
    )
    if with_norm:
        layers['bn'] = build_norm_layer(norm_cfg or dict(type='BN'), out_channels)[1]
    if act_cfg is not None:
        layers['act'] = build_activation_layer(act_cfg)
    return nn.Sequential(layers)


def separable_conv(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    act_cfg: dict | None = None,
    conv_cfg: dict | None = None,
    norm_cfg: dict | None = None,
) -> nn.Sequential:
    """Build a depthwise convolution with BN and activation, and a 1x1 convolution without bias."""
    return nn.Sequential(
        OrderedDict(
            depthwise=conv_bn_act(
                in_channels,
                in_channels,
                kernel_size,
                groups=in_channels,
                act_cfg=act_cfg,
                conv_cfg=conv_cfg,
                norm_cfg=norm_cfg,
            ),
            pointwise=build_conv_layer(conv_cfg, in_channels, out_channels, 1, bias=False),
        )
    )


def deconv_2x(in_channels: int, out_channels: int, deconv_cfg: dict | None = None) -> nn.Module:
    """Build a transposed 4x4 convolution without bias that doubles the resolution."""
    cfg = dict(deconv_cfg or dict(type='deconv'))
    # Like mmcv's own builders, this finds a type in any registry of the current scope.
    with MODELS.switch_scope_and_registry(None) as registry:
        layer = registry.get(cfg.pop('type'))
    return layer(in_channels, out_channels, 4, stride=2, padding=1, bias=False, **cfg)
