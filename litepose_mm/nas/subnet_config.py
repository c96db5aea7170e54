"""Convert the config of a supernet to that of one of its networks."""

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

#: Keys of a supernet's config with the schedules of a network: after extraction, or from scratch.
SCHEDULES = ('finetune', 'alone')
# Keys that only the configs of supernets have.
_SUPERNET_ONLY = (
    *SCHEDULES,
    'find_unused_parameters',
    'search_dataloader',
    'search_evaluator',
    'search_space',
)
# Keys with sizes of inputs, in transforms, codecs and batch augmentations.
_INPUTS = {'input_size', 'output_size'}
# Keys of codecs with sizes of targets.
_TARGETS = {'heatmap_size', 'heatmap_sizes'}


def subnet_model(model: Mapping[str, Any], arch: Architecture) -> dict[str, Any]:
    """Return the ``model`` of the config of a network of a supernet.

    Args:
        model: ``model`` of the supernet's config.
        arch: The network's architecture; the codec gets its resolution.

    Raises:
        LitePoseError: ``model`` is not a supernet.
    """
    plain = copy.deepcopy(dict(model))
    if _attribute(MODELS, plain, 'plain_type') is None:
        raise LitePoseError(
            f'model.type: expected the estimator of a supernet, got {plain.get("type")}'
        )
    scale = scale_of(dict(model=model), arch)
    for part, name in ((plain['head'], 'decoder'), (plain, 'data_preprocessor')):
        part[name] = at_scale(part.get(name), scale, arch.stride)
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
    """Return an attribute of the class that a config names, or None if it has none."""
    kind = config.get('type') if isinstance(config, Mapping) else None
    return getattr(registry.get(kind) if isinstance(kind, str) else kind, name, None)


def at_scale(value: Any, scale: Fraction, stride: int) -> Any:
    """Scale the sizes of inputs and targets in a part of a config.

    Strides of targets remain.

    Args:
        value: A data set, which may contain others, a pipeline, a hook, or any part of these.
        scale: Ratio of new to old sides.
        stride: Sides of inputs become multiples of it.
    """
    if isinstance(value, Mapping):
        changed = {name: at_scale(part, scale, stride) for name, part in value.items()}
        for name in _INPUTS & changed.keys():
            changed[name] = _resized(value[name], lambda side: _side(side, scale, stride))
        for name in _TARGETS & changed.keys() if 'input_size' in value else ():
            changed[name] = _targets(value[name], value['input_size'], changed['input_size'])
        return changed
    if isinstance(value, (list, tuple)):
        return type(value)(at_scale(part, scale, stride) for part in value)
    return value


def _resized(size: Any, side: Callable[[int], int]) -> Any:
    return side(size) if isinstance(size, Integral) else tuple(map(side, size))


def _targets(size: Any, inputs: Sequence[int], new_inputs: Sequence[int]) -> Any:
    """Return width and height of targets, or of several levels of them, for another input."""
    if not isinstance(size[0], Integral):
        return [_targets(level, inputs, new_inputs) for level in size]
    return tuple(new // (old // own) for own, old, new in zip(size, inputs, new_inputs))


def scale_of(config: Mapping[str, Any], arch: Architecture) -> Fraction:
    """Return the ratio of a network's input size to that of the supernet's config."""
    return Fraction(arch.img_size, min(config['model']['head']['decoder']['input_size']))


def input_size_of(input_size: Sequence[int], arch: Architecture) -> tuple[int, int]:
    """Return width and height of a network's inputs, given those of the supernet's codec."""
    scale = Fraction(arch.img_size, min(input_size))
    width, height = (_side(side, scale, arch.stride) for side in input_size)
    return width, height


def _side(side: int, scale: Fraction, stride: int) -> int:
    return side if scale == 1 else stride * max(1, round(side * scale / stride))


def subnet_config(
    config: Config,
    arch: Architecture,
    load_from: str | Path | None = None,
    schedule: str | None = None,
) -> Config:
    """Return the config that trains, tests and exports one network of a supernet.

    Args:
        config: Config of the supernet.
        arch: The network's architecture.
        load_from: The network's weights, from which training starts.
        schedule: The one of :data:`SCHEDULES` that replaces the schedule of the supernet.

    Raises:
        LitePoseError: ``config`` is not that of a supernet, or has no such schedule.
    """
    merged = Config(config.to_dict())
    if schedule is not None:
        if schedule not in merged:
            raise LitePoseError(
                f"expected {schedule!r} in the supernet's config, the schedule of a single "
                f'network, got none; add {schedule} = dict(train_cfg=…, param_scheduler=…)'
            )
        merged.merge_from_dict(merged[schedule])
    plain = merged.to_dict()
    scale = scale_of(plain, arch)
    plain['model'] = subnet_model(plain['model'], arch)
    plain['codec'] = plain['model']['head']['decoder']
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        plain[name] = at_scale(plain.get(name), scale, arch.stride)
    plain['custom_hooks'] = [
        at_scale(hook, scale, arch.stride)
        for hook in plain.get('custom_hooks', [])
        if not _attribute(HOOKS, hook, 'supernet_only')
    ]
    for name in _SUPERNET_ONLY:
        plain.pop(name, None)
    plain['load_from'] = None if load_from is None else str(load_from)
    return Config(plain)
