"""Weights into models, and into files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import LitePoseError, some
from ..utils.files import replacing
from .reading import StateDict, read_weights
from .recognition import authors_family

_COUNTER = '.num_batches_tracked'
_TRANSFORMS = '.kernel_transforms.'


def fit(model: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Load weights into a model, all of them and nothing else.

    Raises:
        LitePoseError: Names are missing or unexpected, or shapes differ; the model is unchanged.
    """
    state = _network_only(state)
    if is_supernet(state) and not is_supernet(model.state_dict()):
        raise LitePoseError(
            f'weights {source} are those of a supernet, which stand for many networks; expected '
            'those of one network (tools/nas/extract_subnet.py takes one out)'
        )
    problems = _misfits(model, state)
    if problems:
        raise LitePoseError(f'weights {source} do not fit the model: {_told(problems)}')
    broken = [k for k, v in state.items() if v.is_floating_point() and not v.isfinite().all()]
    if broken:
        raise LitePoseError(
            f'weights {source}: {len(broken)} tensors hold infinite or undefined numbers '
            f'({some(broken)}); the training that wrote them went wrong'
        )
    model.load_state_dict(state, strict=False)


def check_fit(model: nn.Module, path: str | Path, partly: bool = False) -> str | None:
    """Checks a file that MMEngine is going to load, which goes on with random weights otherwise.

    Args:
        model: The model; it is not changed.
        path: A file of weights.
        partly: Whether it is enough that some of the model's tensors are in the file.

    Returns:
        Which of the model's tensors are not, in words; None where all are.

    Raises:
        LitePoseError: The file cannot be read, has the authors' names, or does not fit.
    """
    state = _network_only(read_weights(path).state_dict)
    family = authors_family(state)
    if family is not None:
        raise LitePoseError(
            f"{path} has the names of the authors' {family.title}; convert it with "
            'tools/model_converters/authors_to_mmpose.py'
        )
    problems = _misfits(model, state)
    problems.pop('unexpected', None)
    if not problems:
        return None
    if not partly or sum(map(len, problems.values())) >= len(_essential(model, state)):
        raise LitePoseError(f'weights {path} do not fit the model: {_told(problems)}')
    return _told(problems)


def is_supernet(state: Iterable[str]) -> bool:
    """Whether tensors of these names are those of a supernet: it has kernels to choose from."""
    return any(_TRANSFORMS in key for key in state)


def _misfits(model: nn.Module, state: Mapping[str, Tensor]) -> dict[str, list[str]]:
    """Names of tensors by what is wrong with them."""
    own = _network_only(model.state_dict())
    problems = {
        'missing': [key for key in _essential(model, state) if key not in state],
        'unexpected': [key for key in state if key not in own],
        'of another shape': [
            f'{key} {tuple(state[key].shape)}, model {tuple(own[key].shape)}'
            for key in own
            if key in state and state[key].shape != own[key].shape
        ],
    }
    return {what: names for what, names in problems.items() if names}


def _essential(model: nn.Module, state: Mapping[str, Tensor]) -> list[str]:
    """What of the model a checkpoint must have.

    Old ones lack the counters of batches, which no result depends on. One of a plain network, with
    which a supernet may begin, has no transforms to smaller kernels: these begin as the centre.
    """
    own = [key for key in _network_only(model.state_dict()) if not key.endswith(_COUNTER)]
    if is_supernet(state):
        return own
    return [key for key in own if _TRANSFORMS not in key]


def _told(problems: Mapping[str, list[str]]) -> str:
    return '; '.join(f'{len(names)} {what} ({some(names)})' for what, names in problems.items())


def _network_only(state: Mapping[str, Tensor]) -> StateDict:
    """Without the preprocessor's constants."""
    return {key: value for key, value in state.items() if not key.startswith('data_preprocessor.')}


def load_weights(model: nn.Module, path: str | Path) -> dict[str, Any]:
    """Load a file of weights, ours or the authors', into a model.

    Args:
        model: A pose estimator with ``backbone`` and ``head``.
        path: See :func:`read_weights`.

    Returns:
        What the file says of itself, its ``meta`` entry.

    Raises:
        LitePoseError: The file is not usable or does not fit, see :func:`read_weights` and
            :func:`fit`.
    """
    weights = read_weights(path)
    state = weights.state_dict
    family = authors_family(state)
    if family is not None:
        state = family.from_authors(state)
    fit(model, state, str(path))
    return weights.meta


def save_weights(state: Mapping[str, Tensor], path: str | Path, meta: Mapping[str, Any]) -> None:
    """Write a checkpoint that loads as data only; never half of one."""
    with replacing(Path(path)) as part:
        torch.save(dict(meta=dict(meta), state_dict=dict(state)), part)
