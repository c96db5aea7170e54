"""From a supernet's config to that of one of its networks."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ..architectures import Architecture
from ..errors import LitePoseError
from ..recipes import ae_codec

_PLAIN = {
    'SupernetBottomupPoseEstimator': 'MultiScaleBottomupPoseEstimator',
    'ElasticLitePose': 'LitePose',
    'ElasticFusionDeconvHead': 'FusionDeconvHead',
}
# What only elastic parts take.
_ELASTIC_OPTIONS = ('distillation_weight', 'kernel_sizes')


def plain_model(model: Mapping[str, Any], arch: Architecture) -> dict[str, Any]:
    """The ``model`` of a plain config for a network of a supernet.

    Args:
        model: ``model`` of the supernet's config.
        arch: The network; the codec gets its resolution.

    Raises:
        LitePoseError: It is not the model of a supernet.
    """
    model = copy.deepcopy(dict(model))
    for part in (model, model.get('backbone', {}), model.get('head', {})):
        kind = part.get('type')
        if kind not in _PLAIN:
            raise LitePoseError(
                f'expected the config of a supernet, of {", ".join(_PLAIN)}; got {kind}'
            )
        part['type'] = _PLAIN[kind]
        for option in _ELASTIC_OPTIONS:
            part.pop(option, None)
    for part in ('backbone', 'head'):
        model[part]['arch'] = arch.to_dict()
    model['head']['decoder'] = codec_at(model['head']['decoder'], arch.img_size)
    return model


def codec_at(codec: Mapping[str, Any], short_side: int) -> dict[str, Any]:
    """The config of a codec for another short side of the input; strides stay."""
    codec = dict(codec)
    width, height = codec.pop('input_size')
    strides = [width // size[0] for size in codec.pop('heatmap_sizes')]
    scale = short_side / min(width, height)
    codec.pop('type', None)
    return ae_codec((round(width * scale), round(height * scale)), strides, **codec)


def pipeline_at(pipeline: list[dict], short_side: int) -> list[dict]:
    """A pipeline whose transforms make inputs, and targets, of another short side."""
    changed = []
    for transform in pipeline:
        transform = dict(transform)
        if 'input_size' in transform:
            width, height = transform['input_size']
            scale = short_side / min(width, height)
            transform['input_size'] = (round(width * scale), round(height * scale))
        if 'encoder' in transform:
            transform['encoder'] = codec_at(transform['encoder'], short_side)
        changed.append(transform)
    return changed
