"""From a supernet's config to that of one of its networks."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from numbers import Integral
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry
from mmpose.registry import HOOKS, MODELS

from ..errors import LitePoseError
from .search_spaces import Architecture

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
_INPUTS = {'input_size', 'output_size'}
# What a codec makes for an input.
_TARGETS = {'heatmap_size', 'heatmap_sizes'}


def plain_model(model: Mapping[str, Any], arch: Architecture) -> dict[str, Any]:
    """The ``model`` of a plain config for a network of a supernet.

    Args:
        model: ``model`` of the supernet's config.
        arch: The network; the codec gets its resolution.

    Raises:
        LitePoseError: It is not the model of a supernet.
    """
    plain = copy.deepcopy(dict(model))
    if _attribute(MODELS, plain, 'plain_type') is None:
        raise LitePoseError(f'expected the config of a supernet, got one of {plain.get("type")}')
    scale = scale_of(dict(model=model), arch)
    plain['head']['decoder'] = at_scale(plain['head']['decoder'], scale)
    plain['data_preprocessor'] = at_scale(plain.get('data_preprocessor'), scale)
    for part in (plain, *plain.values()):
        plain_type = _attribute(MODELS, part, 'plain_type')
        if plain_type is None:
            continue
        for option in _attribute(MODELS, part, 'elastic_options') or ():
            part.pop(option, None)
        part['type'] = plain_type
        if part is not plain:
            part['arch'] = arch.to_dict()
    return plain


def _attribute(registry: Registry, config: Any, name: str) -> Any:
    """What the class that a config names says of itself; None if it does not."""
    kind = config.get('type') if isinstance(config, Mapping) else None
    return getattr(registry.get(kind) if isinstance(kind, str) else kind, name, None)


def at_scale(value: Any, scale: Fraction) -> Any:
    """A part of a config whose inputs, codecs and targets are smaller or larger by a factor.

    Sides of inputs become multiples of 16, the stride of networks; strides of targets stay.

    Args:
        value: A data set, one that wraps others, a pipeline, a hook, or anything in these.
        scale: New by old sides.
    """
    if isinstance(value, Mapping):
        changed = {name: at_scale(part, scale) for name, part in value.items()}
        for name in _INPUTS & changed.keys():
            changed[name] = _resized(value[name], lambda side: _side(side, scale))
        for name in _TARGETS & changed.keys() if 'input_size' in value else ():
            changed[name] = _targets(value[name], value['input_size'], changed['input_size'])
        return changed
    if isinstance(value, (list, tuple)):
        return type(value)(at_scale(part, scale) for part in value)
    return value


def _resized(size: Any, side: Callable[[int], int]) -> Any:
    return side(size) if isinstance(size, Integral) else tuple(map(side, size))


def _targets(size: Any, inputs: Sequence[int], new_inputs: Sequence[int]) -> Any:
    """Width and height of targets, or those of several levels, for another input."""
    if not isinstance(size[0], Integral):
        return [_targets(level, inputs, new_inputs) for level in size]
    return tuple(new // (old // own) for own, old, new in zip(size, inputs, new_inputs))


def scale_of(config: Mapping[str, Any], arch: Architecture) -> Fraction:
    """How much smaller a network's inputs are than those of the supernet's config."""
    return Fraction(arch.img_size, min(config['model']['head']['decoder']['input_size']))


def input_size_of(input_size: Sequence[int], arch: Architecture) -> tuple[int, int]:
    """Width and height of a network's inputs, from those of the supernet's codec."""
    scale = Fraction(arch.img_size, min(input_size))
    width, height = (_side(side, scale) for side in input_size)
    return width, height


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
        if not _attribute(HOOKS, hook, 'supernet_only')
    ]
    for name in _SUPERNET_ONLY:
        plain.pop(name, None)
    plain['load_from'] = None if load_from is None else str(load_from)
    return Config(plain)
