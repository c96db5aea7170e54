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
    'SupernetBottomupPoseEstimator': 'MultiScaleBottomupPoseEstimator',
    'ElasticLitePose': 'LitePose',
    'ElasticFusionDeconvHead': 'FusionDeconvHead',
}
_SUPERNET_HOOKS = ('ArchitectureSamplingHook', 'SubnetValidationHook')
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


def dataset_at(dataset: Mapping[str, Any], short_side: int) -> dict[str, Any]:
    """A data set, or one that wraps others, with pipelines of another short side."""
    dataset = dict(dataset)
    if dataset.get('pipeline'):
        dataset['pipeline'] = pipeline_at(dataset['pipeline'], short_side)
    if 'dataset' in dataset:
        dataset['dataset'] = dataset_at(dataset['dataset'], short_side)
    if 'datasets' in dataset:
        dataset['datasets'] = [dataset_at(each, short_side) for each in dataset['datasets']]
    return dataset


def plain_config(config: Config, arch: Architecture, load_from: str | Path | None = None) -> Config:
    """The config that trains, tests and exports one network of a supernet, by the same recipe.

    Args:
        config: The supernet's.
        arch: The network.
        load_from: The network's weights, where training starts.

    Raises:
        LitePoseError: It is not the config of a supernet.
    """
    plain = config.to_dict()
    plain['model'] = plain_model(plain['model'], arch)
    plain['arch'], plain['codec'] = arch.to_dict(), plain['model']['head']['decoder']
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = plain.get(loader, {}).get('dataset')
        if dataset:
            plain[loader]['dataset'] = dataset_at(dataset, arch.img_size)
    hooks = plain.get('custom_hooks', [])
    plain['custom_hooks'] = [hook for hook in hooks if hook['type'] not in _SUPERNET_HOOKS]
    plain.pop('search_space', None)
    plain['load_from'] = None if load_from is None else str(load_from)
    return Config(plain)
