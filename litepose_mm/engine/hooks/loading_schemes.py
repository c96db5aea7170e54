"""What ``load_from`` and ``init_cfg`` of a config may name: files of weights, read as data only."""

from __future__ import annotations

import pickle
from typing import Any

import torch
from mmengine.runner import CheckpointLoader
from torch import Tensor

from ...checkpoints import read_weights


@CheckpointLoader.register_scheme(prefixes=r'(?!\w+://).*\.safetensors$', force=True)
def load_from_safetensors(filename: str, map_location: Any = None) -> dict[str, Tensor]:
    """Reads the weights; MMEngine's signature of a loader."""
    state = read_weights(filename).state_dict
    if map_location is None or callable(map_location):
        return state
    return {name: value.to(map_location) for name, value in state.items()}


@CheckpointLoader.register_scheme(prefixes='', force=True)
def load_from_local(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Reads a checkpoint; of one with objects, as MMEngine's own hook writes, only the weights."""
    try:
        return torch.load(filename, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError:
        return dict(state_dict=load_from_safetensors(filename, map_location))
