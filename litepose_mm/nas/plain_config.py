"""From a supernet's config to that of one of its networks."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from fractions import Fraction
from numbers import Integral
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..errors import LitePoseError
from ..families.litepose import Architecture

_PLAIN = {
    'DistilledSupernetBottomupPoseEstimator': 'DistilledBottomupPoseEstimator',
    'SupernetBottomupPoseEstimator': 'MultiScaleBottomupPoseEstimator',
    'ElasticLitePose': 'LitePose',
    'ElasticFusionDeconvHead': 'FusionDeconvHead',
}
_SUPERNET_HOOKS = ('ArchitectureSamplingHook', 'SortChannelsHook', 'SubnetValidationHook')
#: How a network of a supernet can be trained, in its config: extracted from it, or without it.
SCHEDULES = ('finetune', 'alone')
# What only supernets have in their configs.
_SUPERNET_ONLY = (
    *SCHEDULES,
    'find_unused_parameters',
    'search_dataloader',
    'search_evaluator',
    'search_space',
)
# Pixels of inputs, in transforms, codecs and batch augmentations.
_SIZES = {'input_size', 'output_size'}
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
    scale = scale_of(dict(model=model), arch)
    model['head']['decoder'] = codec_at(model['head']['decoder'], scale)
    model['data_preprocessor'] = at_scale(model.get('data_preprocessor'), scale)
    return model


def codec_at(codec: Mapping[str, Any], scale: Fraction) -> dict[str, Any]:
    """The config of a codec for inputs that are smaller or larger by a factor; strides stay."""
    strides = [codec['input_size'][0] // size[0] for size in codec['heatmap_sizes']]
    input_size = tuple(_side(side, scale) for side in codec['input_size'])
    heatmap_sizes = [tuple(side // stride for side in input_size) for stride in strides]
    return dict(codec, input_size=input_size, heatmap_sizes=heatmap_sizes)


def at_scale(value: Any, scale: Fraction) -> Any:
    """A part of a config whose inputs, codecs and targets are smaller or larger by a factor.

    Sides become multiples of 16, the stride of networks.

    Args:
        value: A data set, one that wraps others, a pipeline, a hook, or anything in these.
        scale: New by old sides.
    """
    if isinstance(value, Mapping):
        if 'heatmap_sizes' in value:
            return codec_at(value, scale)
        changed = {name: at_scale(part, scale) for name, part in value.items()}
        for name in _SIZES & changed.keys():
            size = value[name]
            if isinstance(size, Integral):
                changed[name] = _side(size, scale)
            else:
                changed[name] = tuple(_side(side, scale) for side in size)
        return changed
    if isinstance(value, (list, tuple)):
        return type(value)(at_scale(part, scale) for part in value)
    return value


def scale_of(config: Mapping[str, Any], arch: Architecture) -> Fraction:
    """How much smaller a network's inputs are than those of the supernet's config."""
    return Fraction(arch.img_size, min(config['model']['head']['decoder']['input_size']))


def _side(side: int, scale: Fraction) -> int:
    return side if scale == 1 else max(16, 16 * round(side * scale / 16))


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
        schedule: What of ``config`` takes precedence over the supernet's recipe, of
            :data:`SCHEDULES`.

    Raises:
        LitePoseError: It is not the config of a supernet, or has no such schedule.
    """
    merged = Config(config.to_dict())
    if schedule is not None:
        if schedule not in merged:
            raise LitePoseError(
                f"the supernet's config has no {schedule!r}, which says how a network is "
                f'trained: add {schedule} = dict(train_cfg=…, param_scheduler=…)'
            )
        merged.merge_from_dict(merged[schedule])
    plain = merged.to_dict()
    scale = scale_of(plain, arch)
    plain['model'] = plain_model(plain['model'], arch)
    plain['codec'] = plain['model']['head']['decoder']
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        plain[name] = at_scale(plain.get(name), scale)
    plain['custom_hooks'] = [
        at_scale(hook, scale)
        for hook in plain.get('custom_hooks', [])
        if hook['type'] not in _SUPERNET_HOOKS
    ]
    for name in _SUPERNET_ONLY:
        plain.pop(name, None)
    plain['load_from'] = None if load_from is None else str(load_from)
    return Config(plain)
