"""From a supernet's config to that of one of its networks."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..architectures import Architecture
from ..errors import LitePoseError
from ..recipes import ae_codec

_PLAIN = {
    'DistilledSupernetBottomupPoseEstimator': 'DistilledBottomupPoseEstimator',
    'SupernetBottomupPoseEstimator': 'MultiScaleBottomupPoseEstimator',
    'ElasticLitePose': 'LitePose',
    'ElasticFusionDeconvHead': 'FusionDeconvHead',
}
_SUPERNET_HOOKS = ('ArchitectureSamplingHook', 'SortChannelsHook', 'SubnetValidationHook')
# What only supernets have in their configs.
_SUPERNET_ONLY = (
    'alone',
    'finetune',
    'find_unused_parameters',
    'search_dataloader',
    'search_evaluator',
    'search_space',
)
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


def at_size(value: Any, short_side: int) -> Any:
    """A part of a config whose inputs, codecs and targets are of another short side.

    Args:
        value: A data set, one that wraps others, a pipeline, a hook, or anything in these.
        short_side: The shorter of height and width, in pixels.
    """
    if isinstance(value, Mapping):
        if 'heatmap_sizes' in value:
            return codec_at(value, short_side)
        changed = {name: at_size(part, short_side) for name, part in value.items()}
        if 'input_size' in value:
            width, height = value['input_size']
            scale = short_side / min(width, height)
            changed['input_size'] = (round(width * scale), round(height * scale))
        return changed
    if isinstance(value, (list, tuple)):
        return type(value)(at_size(part, short_side) for part in value)
    return value


def plain_config(
    config: Config,
    arch: Architecture,
    load_from: str | Path | None = None,
    schedule: str | None = None,
) -> Config:
    """The config that trains, tests and exports one network of a supernet.

    Args:
        config: The supernet's.
        arch: The network.
        load_from: The network's weights, where training starts.
        schedule: What of ``config`` takes precedence over the supernet's recipe: ``'finetune'`` or
            ``'alone'``.

    Raises:
        LitePoseError: It is not the config of a supernet.
    """
    merged = Config(config.to_dict())
    merged.merge_from_dict(merged.get(schedule, {}))
    plain = merged.to_dict()
    plain['model'] = plain_model(plain['model'], arch)
    plain['arch'], plain['codec'] = arch.to_dict(), plain['model']['head']['decoder']
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        plain[name] = at_size(plain.get(name), arch.img_size)
    plain['custom_hooks'] = [
        at_size(hook, arch.img_size)
        for hook in plain.get('custom_hooks', [])
        if hook['type'] not in _SUPERNET_HOOKS
    ]
    checkpoint = plain.get('default_hooks', {}).get('checkpoint')
    if checkpoint:  # the supernet's best is that of one of its networks
        checkpoint['save_best'] = 'auto'
    for name in _SUPERNET_ONLY:
        plain.pop(name, None)
    plain['load_from'] = None if load_from is None else str(load_from)
    return Config(plain)
