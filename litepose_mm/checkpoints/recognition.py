"""The network that weights belong to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from ..errors import LitePoseError
from ..families.litepose import ARCHITECTURES, Architecture, Stage, make_divisible


class Recognised(NamedTuple):
    """What shapes tell of a network.

    Attributes:
        architecture: The architecture. Input size and strides are not in the shapes: they are
            those of the published network it equals, or the published strides and 512.
        name: Name of that published network, or ``None``.
        num_keypoints: ``K``.
    """

    architecture: Architecture
    name: str | None
    num_keypoints: int


def recognise(state: Mapping[str, Tensor]) -> Recognised:
    """The architecture of LitePose weights with our names, from their shapes.

    Raises:
        LitePoseError: These are not the weights of a LitePose network.
    """
    try:
        input_channel = state['backbone.stem.2.conv.weight'].shape[0]
        width, stages = input_channel, []
        for index in range(1 + _last(state, r'backbone\.stages\.(\d+)\.')):
            blocks = []
            for block in range(1 + _last(state, rf'backbone\.stages\.{index}\.(\d+)\.')):
                prefix = f'backbone.stages.{index}.{block}.'
                kernel = state[prefix + 'depthwise.conv.weight'].shape[-1]
                blocks.append(
                    (_expansion(width, len(state[prefix + 'expand.conv.weight'])), kernel)
                )
                width = len(state[prefix + 'project.conv.weight'])
            stages.append(Stage(width, 2 if index < 3 else 1, tuple(blocks)))
        deconvs = range(1 + _last(state, r'head\.deconvs\.(\d+)\.'))
        levels = 1 + _last(state, r'head\.outputs\.(\d+)\.')
        architecture = Architecture(
            img_size=512,
            input_channel=input_channel,
            deconv_setting=tuple(
                state[f'head.deconvs.{i}.refined.weight'].shape[1] for i in deconvs
            ),
            stages=tuple(stages),
            fusion='head.deconvs.0.raw.weight' in state,
        )
        num_keypoints = len(state[f'head.outputs.{levels - 1}.refined.pointwise.weight'])
    except (KeyError, LitePoseError) as error:
        raise LitePoseError(
            f'not the weights of a LitePose network: {error} is missing or does not fit'
        ) from None
    for name, published in ARCHITECTURES.items():
        if (
            published.deconv_setting,
            published.stages,
            published.input_channel,
            published.fusion,
        ) == (
            architecture.deconv_setting,
            architecture.stages,
            architecture.input_channel,
            architecture.fusion,
        ):
            return Recognised(published, name, num_keypoints)
    return Recognised(architecture, None, num_keypoints)


def _last(state: Mapping[str, Tensor], pattern: str) -> int:
    found = [int(m.group(1)) for m in (re.match(pattern, key) for key in state) if m]
    if not found:
        raise KeyError(pattern.replace('\\', ''))
    return max(found)


def _expansion(in_channels: int, width: int) -> int:
    expansion = round(width / in_channels)
    for candidate in (expansion, expansion - 1, expansion + 1):
        if make_divisible(in_channels * candidate) == width:
            return candidate
    raise LitePoseError(f'expansion from {in_channels} to {width}')
