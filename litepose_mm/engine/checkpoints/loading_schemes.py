"""What ``load_from`` and ``init_cfg`` of a config may name besides what MMEngine reads itself."""

from __future__ import annotations

import pickle
from typing import Any

import torch
from mmengine.runner import CheckpointLoader

from ...checkpoints import read_weights

#: What :class:`SafeCheckpointHook` puts before ``load_from``, so that it is read as data only.
DATA_ONLY = 'data-only://'


@CheckpointLoader.register_scheme(prefixes=r'(?!\w+://).*\.safetensors$', force=True)
def load_from_safetensors(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Reads the weights; MMEngine's signature of a loader.

    Returns:
        A checkpoint with nothing but ``state_dict``, which :class:`EMAHook` asks for.
    """
    state = read_weights(filename).state_dict
    if map_location is not None and not callable(map_location):
        state = {name: value.to(map_location) for name, value in state.items()}
    return dict(state_dict=state)


@CheckpointLoader.register_scheme(prefixes=DATA_ONLY, force=True)
def load_from_file_as_data(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Reads a checkpoint; of one with objects, as MMEngine's own hook writes, only the weights."""
    filename = filename.removeprefix(DATA_ONLY)
    try:
        content = torch.load(filename, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError:  # also of safetensors
        return load_from_safetensors(filename, map_location)
    plain = isinstance(content, dict) and all(
        isinstance(value, torch.Tensor) for value in content.values()
    )
    return dict(state_dict=content) if plain else content
