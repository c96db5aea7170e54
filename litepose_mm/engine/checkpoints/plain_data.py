"""Convert checkpoints to plain data, which ``torch.load(weights_only=True)`` can read."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

_ATOMS = (bool, int, float, complex, str, bytes, type(None), torch.Tensor)
_ATOMS_OF_TORCH = (torch.dtype, torch.device, torch.Size)
# Key of a mapping that represents a log curve.
_HISTORY = 'history_buffer'
_NOTHING = object()


def to_plain(value: Any, left_out: list[str], name: str = '') -> Any:
    """Convert ``value`` to tensors, numbers, text and containers of these.

    numpy arrays become lists, numpy numbers Python numbers, and log curves pairs of tensors.
    Anything that is not data (functions, objects) is removed from its container.

    Args:
        value: Any content of a checkpoint.
        left_out: A list to which name and type of everything that is removed are added.
        name: Name of ``value`` in this list.
    """
    plain = _plain(value, left_out, name)
    return None if plain is _NOTHING else plain


def _plain(value: Any, left_out: list[str], name: str) -> Any:
    kind = type(value)
    if kind in _ATOMS or isinstance(value, (torch.Tensor, *_ATOMS_OF_TORCH)):
        return value
    if isinstance(value, np.ndarray):
        return _plain(value.tolist(), left_out, name)
    if isinstance(value, np.generic):
        return _plain(value.item(), left_out, name)
    if isinstance(value, HistoryBuffer):
        return _plain_history(value)
    if isinstance(value, Enum):
        return _plain(value.value, left_out, name)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return _plain_mapping(value, left_out, name)
    if isinstance(value, (list, tuple, set, frozenset)):
        items = [_plain(item, left_out, f'{name}[{i}]') for i, item in enumerate(value)]
        items = [item for item in items if item is not _NOTHING]
        if isinstance(value, (set, frozenset)):
            return set(items)
        return tuple(items) if isinstance(value, tuple) else items
    for base in (bool, int, float, str, bytes):  # for subclasses, such as torch's version
        if isinstance(value, base):
            return base(value)
    left_out.append(f'{name} ({kind.__module__}.{kind.__qualname__})')
    return _NOTHING


def _plain_mapping(value: Mapping, left_out: list[str], name: str) -> Mapping:
    pairs = []
    for key, item in value.items():
        plain_key = _plain(key, left_out, f'key of {name}')
        plain_item = _plain(item, left_out, f'{name}.{key}' if name else str(key))
        if plain_key is not _NOTHING and plain_item is not _NOTHING:
            pairs.append((plain_key, plain_item))
    if isinstance(value, Counter):  # a scheduler's milestones
        return Counter(dict(pairs))
    if not isinstance(value, OrderedDict):
        return dict(pairs)
    plain = OrderedDict(pairs)
    if hasattr(value, '_metadata'):  # the versions of modules in a state dict
        plain._metadata = _plain_mapping(value._metadata, left_out, f'{name}._metadata')
    return plain


def _plain_history(buffer: HistoryBuffer) -> dict:
    values, counts = buffer.data
    return {
        _HISTORY: dict(
            values=torch.from_numpy(np.asarray(values, dtype=np.float64).copy()),
            counts=torch.from_numpy(np.asarray(counts, dtype=np.int64).copy()),
            max_length=int(buffer.max_length),
        )
    }


def restore_histories(scalars: Mapping[str, Any]) -> OrderedDict:
    """Restore the log curves of a message hub's ``log_scalars`` that :func:`to_plain` converted."""
    restored = OrderedDict()
    for name, value in scalars.items():
        content = value.get(_HISTORY) if isinstance(value, Mapping) else None
        if content is not None:
            value = HistoryBuffer(
                content['values'].cpu().numpy(),
                content['counts'].cpu().numpy(),
                max_length=content['max_length'],
            )
        restored[name] = value
    return restored
