"""``load_from`` and ``init_cfg`` of a config may name a ``.safetensors`` file."""

from __future__ import annotations

from typing import Any

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
