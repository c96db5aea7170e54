"""Build a network with weights on a device from the name of a model or a config."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, ConfigDict
from mmpose.apis import init_model
from mmpose.models import AssociativeEmbeddingHead
from mmpose.models.pose_estimators.base import BasePoseEstimator
from torch import nn

from ..checkpoints import load_weights, read_weights
from ..compat import ignore_notices
from ..errors import LitePoseError, reason
from ..inference.devices import candidates, load_on_device
from ..inference.engines.torch import TorchEngine
from ..inference.images import check_short_side
from ..utils.config_files import read_config
from ..zoo import find_config
from ..zoo.shipped_weights import find_weights, full_name, weights_of


def build_model(
    model: str | Path,
    weights: str | Path | None = None,
    device: str | None = None,
    flip_test: bool | None = None,
    short_side: int | None = None,
    cfg_options: Mapping[str, Any] | None = None,
) -> BasePoseEstimator:
    """Builds a pose estimator that is ready to predict.

    Args:
        model: Name of a model in the zoo, name or path of a config, or name of an architecture,
            which stands for its model with bundled weights.
        weights: File with weights, or name of bundled weights. None selects the model's first
            bundled weights if they fit the network; otherwise the weights are random, with a
            warning.
        device: A device as torch names it; None selects CUDA if available. If it is absent or
            fails, the next best one is used, with a warning.
        flip_test: Whether to run the mirrored image too; None leaves it to the config.
        short_side: Short side of the network's input in pixels, 64 to 4096; None leaves it to the
            config.
        cfg_options: Values that override the config, ``{'model.test_cfg.flip_test': True}``.

    Returns:
        The network in evaluation mode, with ``cfg`` and ``dataset_meta`` as ``init_model`` sets
        them, and with ``weights_file``, which is None if the weights are random.

    Raises:
        LitePoseError: There is no such model, torch knows no such device, the config does not
            describe a pose estimator with a test pipeline, its options contradict each other, or
            the weights do not fit.
    """
    if device is None and torch.cuda.is_available():
        device = 'cuda'
    candidates(TorchEngine, device)  # refuses unknown ones
    name = full_name(str(model))
    path = find_config(name)
    with warnings.catch_warnings():
        ignore_notices()
        config = read_config(path, cfg_options)
        _check_config(config, path)
        _set_test_options(config, flip_test, short_side, path)
        _check_multiscale_test(config, path)
        network = _build(config, path)
    _check_flip_test(network, path)
    file = _shipped_file(network, name) if weights is None else find_weights(weights)
    network.weights_file = file
    if file is not None:
        load_weights(network, file)
    else:
        warnings.warn(
            'no weights were given: the network is random, and so are the people that it finds',
            stacklevel=3,
        )
    return load_on_device(TorchEngine, device, partial(_placed, network)).eval()


def _shipped_file(network: nn.Module, name: str) -> Path | None:
    """Returns the bundled weights, or None if there are none or they do not fit the network."""
    cards = weights_of(name)
    if not cards:
        return None
    path = cards[0].checked_path()
    own = {key: value.shape for key, value in network.state_dict().items()}
    shipped = {key: value.shape for key, value in read_weights(path).state_dict.items()}
    return path if all(own.get(key) == shape for key, shape in shipped.items()) else None


def _placed(network: BasePoseEstimator, device: str) -> BasePoseEstimator:
    return network.to(device.replace('.', ':'))


def _check_config(config: Config, path: Path) -> None:
    model = config.get('model')
    if not isinstance(model, ConfigDict) or 'type' not in model:
        raise LitePoseError(
            f'expected the config of a model, but {path} has no `model`; see `litepose models`'
        )
    if not model.get('head'):
        raise LitePoseError(
            f'expected a model with a head, but the one in {path} has none; see `litepose models`'
        )
    try:
        transforms = config.test_dataloader.dataset.pipeline
    except (AttributeError, KeyError):
        transforms = None
    if not transforms:
        raise LitePoseError(
            f'expected a pipeline at test_dataloader.dataset.pipeline in {path}, got none; add one'
        )


def _set_test_options(
    config: Config, flip_test: bool | None, short_side: int | None, path: Path
) -> None:
    if flip_test is not None:
        config.merge_from_dict({'model.test_cfg.flip_test': bool(flip_test)})
    if short_side is None:
        return
    check_short_side(short_side)
    resizes = [
        each
        for each in config.test_dataloader.dataset.pipeline
        if 'input_size' in each and each['type'] != 'TopdownAffine'  # its aspect ratio is fixed
    ]
    if not resizes:
        raise LitePoseError(
            f'short_side: expected a transform with an adjustable input_size in the test pipeline '
            f'of {path}, got none; leave it out'
        )
    for transform in resizes:
        transform['input_size'] = (short_side, short_side)


def _check_multiscale_test(config: Config, path: Path) -> None:
    wanted = bool((config.model.get('test_cfg') or {}).get('multiscale_test'))
    scales = any(t.get('aug_scales') for t in config.test_dataloader.dataset.pipeline)
    if wanted and not scales:
        raise LitePoseError(
            f'multiscale_test: the test pipeline of {path} produces a single scale; use '
            'BottomupResizeAlign(aug_scales=[...]) there (docs/usage.md)'
        )
    if scales and not wanted:
        raise LitePoseError(
            f'aug_scales: the test pipeline of {path} produces several scales; set '
            '`model.test_cfg.multiscale_test` to True too (docs/usage.md)'
        )


def _check_flip_test(network: BasePoseEstimator, path: Path) -> None:
    inherited = AssociativeEmbeddingHead.predict
    options = network.test_cfg
    if getattr(type(network.head), 'predict', None) is inherited and not (
        options.get('flip_test') or options.get('multiscale_test')
    ):
        raise LitePoseError(
            f"flip_test: MMPose's AssociativeEmbeddingHead, the head in {path}, cannot predict "
            'without a flip test; leave it on'
        )


def _build(config: Config, path: Path) -> BasePoseEstimator:
    try:
        network = init_model(config, None, device='cpu')
    except Exception as error:  # a config can name any class, so any error can occur
        raise LitePoseError(f'cannot build the model of {path}: {reason(error)}') from error
    if not (isinstance(network, BasePoseEstimator) and network.with_head):
        raise LitePoseError(
            f'expected the config of a pose estimator with a head, but {path} describes a '
            f'{type(network).__name__}; see `litepose models`'
        )
    return network
