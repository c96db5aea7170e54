"""Load weights into models and save them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import LitePoseError, some
from ..families import Recognised
from ..utils.files import replacing
from .reading import StateDict, read_weights
from .recognition import authors_family, recognise

_COUNTER = '.num_batches_tracked'
_TRANSFORMS = '.kernel_transforms.'


def fit(model: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Load weights into a model; names and shapes have to agree completely.

    A head may state by ``is_surplus(name)`` which further tensors it can do without. They are
    left out with a warning.

    Raises:
        LitePoseError: Names are missing or unexpected, or shapes differ; the model is not changed.
    """
    state = _network_only(state)
    if is_supernet(state) and not is_supernet(model.state_dict()):
        raise _no_network(source)
    state = _without_surplus(model, state, source)
    problems = misfits(model, state)
    if problems:
        raise _misfit(model, state, source, problems)
    check_finite(state, source)
    model.load_state_dict(state, strict=False)


def check_finite(state: Mapping[str, Tensor], source: str) -> None:
    """Check that weights are finite.

    Raises:
        LitePoseError: A tensor has infinite or undefined values.
    """
    broken = [k for k, v in state.items() if v.is_floating_point() and not v.isfinite().all()]
    if broken:
        raise LitePoseError(
            f'weights {source}: expected finite numbers, got infinite or undefined ones in '
            f'{len(broken)} tensors ({some(broken)}); use an earlier checkpoint of the training'
        )


def _without_surplus(model: nn.Module, state: StateDict, source: str) -> StateDict:
    is_surplus = getattr(getattr(model, 'head', None), 'is_surplus', None)
    if is_surplus is None:
        return state
    surplus = [key for key in state if key.startswith('head.') and is_surplus(key[len('head.') :])]
    if surplus:
        warnings.warn(
            f'weights {source}: {len(surplus)} tensors are left out, because this network works '
            f'without them: {some(surplus)}'
        )
    return {key: value for key, value in state.items() if key not in surplus}


def check_fit(model: nn.Module, path: str | Path, partly: bool = False) -> str | None:
    """Check a file that MMEngine will load, since MMEngine silently keeps what does not fit.

    Args:
        model: The model; it is not changed.
        path: A file of weights.
        partly: Whether it is sufficient that the file has some of the model's tensors.

    Returns:
        A description of the tensors that are missing; None if there are none.

    Raises:
        LitePoseError: The file cannot be read, has the authors' names, or does not fit.
    """
    state = _network_only(read_weights(path).state_dict)
    family = authors_family(state)
    if family is not None:
        raise LitePoseError(
            f"{path} has the tensor names of the authors' {family.title}; convert it with "
            'tools/model_converters/authors_to_mmpose.py'
        )
    problems = misfits(model, state)
    problems.pop('unexpected', None)
    if not problems:
        return None
    none_fits = sum(map(len, problems.values())) >= len(_essential(model, state))
    other_shapes = problems.get('of another shape', ())
    other_network = any(line.startswith('backbone.') for line in other_shapes)
    if not partly or none_fits or other_network:
        raise _misfit(model, state, str(path), problems)
    return describe(problems)


def is_supernet(state: Iterable[str]) -> bool:
    """Return whether these are the names of a supernet's tensors, with transforms of kernels."""
    return any(_TRANSFORMS in key for key in state)


def _no_network(source: str) -> LitePoseError:
    return LitePoseError(
        f'weights {source}: expected the weights of one network, got those of a supernet; '
        'extract a network with tools/nas/extract_subnet.py'
    )


def misfits(model: nn.Module, state: Mapping[str, Tensor]) -> dict[str, list[str]]:
    """Return the names of tensors by the kind of misfit."""
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
    """Return the names of the model's tensors that a checkpoint must have.

    Old checkpoints lack the counters of batches, which do not affect any result. A supernet may
    start from the checkpoint of a plain network, without transforms to smaller kernels, which
    initially take the centre of a kernel.
    """
    own = [key for key in _network_only(model.state_dict()) if not key.endswith(_COUNTER)]
    if is_supernet(state):
        return own
    return [key for key in own if _TRANSFORMS not in key]


def _misfit(
    model: nn.Module, state: StateDict, source: str, problems: Mapping[str, list[str]]
) -> LitePoseError:
    """Name both networks if they are published and differ, or else what differs."""
    own, given = (_recognised(each) for each in (_network_only(model.state_dict()), state))
    names = [_network_name(each) for each in (own, given)]
    if None not in names and names[0] != names[1]:
        reason = 'expected those of {}, got those of {}'.format(*names)
    else:
        reason = describe(problems)
        if own and given and type(own.architecture) is type(given.architecture):
            options = [
                each.name
                for each in fields(own.architecture)
                if getattr(own.architecture, each.name) != getattr(given.architecture, each.name)
            ]
            reason += f'; the networks differ in {", ".join(options)}' if options else ''
    return LitePoseError(f'weights {source} do not fit the model: {reason}')


def _recognised(state: StateDict) -> Recognised | None:
    try:
        return recognise(state)
    except LitePoseError:
        return None


def _network_name(found: Recognised | None) -> str | None:
    if found is None or found.variant is None:
        return None
    return f'{found.variant} with {found.num_keypoints} keypoints'


def describe(problems: Mapping[str, list[str]]) -> str:
    """Describe the result of :func:`misfits`."""
    return '; '.join(f'{len(names)} {what} ({some(names)})' for what, names in problems.items())


def _network_only(state: Mapping[str, Tensor]) -> StateDict:
    """Remove the constants of the preprocessor."""
    return {key: value for key, value in state.items() if not key.startswith('data_preprocessor.')}


def load_weights(model: nn.Module, path: str | Path) -> dict[str, Any]:
    """Load a file of weights, with our names or those of the authors, into a model.

    Args:
        model: A pose estimator with ``backbone`` and ``head``.
        path: See :func:`read_weights`.

    Returns:
        The metadata of the file, its ``meta`` entry.

    Raises:
        LitePoseError: The file is not usable or does not fit, see :func:`read_weights` and
            :func:`fit`.
    """
    weights = read_weights(path)
    # Without several kernel sizes, only the config of the training distinguishes a supernet.
    space = re.search('^search_space = ', str(weights.meta.get('cfg')), re.MULTILINE)
    if space and not any(hasattr(part, 'plain_type') for part in model.children()):
        raise _no_network(str(path))
    state = weights.state_dict
    family = authors_family(state)
    if family is not None:
        state = family.from_authors(state)
    fit(model, state, str(path))
    return weights.meta


def save_weights(state: Mapping[str, Tensor], path: str | Path, meta: Mapping[str, Any]) -> None:
    """Save a checkpoint that loads as data only; the file is complete or missing."""
    with replacing(Path(path)) as part:
        torch.save(dict(meta=dict(meta), state_dict=dict(state)), part)
