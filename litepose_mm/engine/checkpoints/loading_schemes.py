"""Loaders of files that ``load_from`` and ``init_cfg`` of a config may name."""

from __future__ import annotations

import pickle
from typing import Any

import torch
from mmengine.runner import CheckpointLoader

from ...checkpoints import read_weights

#: :class:`SafeCheckpointHook` adds this prefix to ``load_from``, so that it is read as data only.
DATA_ONLY = 'data-only://'


@CheckpointLoader.register_scheme(prefixes=r'(?!\w+://).*\.safetensors$', force=True)
def load_from_safetensors(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Read weights, with the signature that MMEngine expects of a loader.

    Returns:
        A checkpoint that holds only ``state_dict``, which :class:`EMAHook` expects.
    """
    state = read_weights(filename).state_dict
    if map_location is not None and not callable(map_location):
        state = {name: value.to(map_location) for name, value in state.items()}
    return dict(state_dict=state)


@CheckpointLoader.register_scheme(prefixes=DATA_ONLY, force=True)
def load_from_file_as_data(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Read a checkpoint; if it holds objects, as MMEngine's own hook writes, only its weights."""
    filename = filename.removeprefix(DATA_ONLY)
    try:
        content = torch.load(filename, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError:  # also raised for safetensors
        return load_from_safetensors(filename, map_location)
    plain = isinstance(content, dict) and all(
        isinstance(value, torch.Tensor) for value in content.values()
    )
    return dict(state_dict=content) if plain else content
