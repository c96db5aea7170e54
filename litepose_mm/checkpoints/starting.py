"""Start a backbone from weights, such as those of a network that classifies images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from mmengine.model import PretrainedInit
from mmengine.runner import CheckpointLoader
from torch import nn

from ..errors import LitePoseError, some
from .fitting import check_finite, describe, misfits
from .reading import StateDict, read_weights
from .recognition import authors_family


def pretrained_in(init_cfg: Any) -> list[dict[str, Any]]:
    """Return those configs of an ``init_cfg`` that name weights to start from."""
    configs = init_cfg if isinstance(init_cfg, list) else [init_cfg] if init_cfg else []
    return [each for each in configs if each['type'] in ('Pretrained', PretrainedInit)]


def load_backbone(backbone: nn.Module, source: str, prefix: str | None = None) -> str | None:
    """Load the tensors that a file has of a backbone, with our names or those of the authors.

    Args:
        backbone: A backbone, or the EfficientNet of one.
        source: A file, see :func:`read_weights`, or an address that MMEngine can download.
        prefix: What the names of the backbone's tensors begin with in the file. None finds it: a
            backbone's file has none, that of a pose network ``'backbone.'``.

    Returns:
        A description of the tensors that only one of the two has; None if there are none.

    Raises:
        LitePoseError: The file cannot be read, has no tensor of the backbone, or has one of
            another shape; the backbone is not changed.
    """
    state = _read(source)
    family = authors_family(state)
    if family is not None:
        state = family.from_authors(state)
    own = backbone.state_dict()
    if prefix is None:
        prefix = _prefix(own, state)
    elif prefix and not prefix.endswith('.'):
        prefix += '.'
    part = {key.removeprefix(prefix): v for key, v in state.items() if key.startswith(prefix)}
    kind = type(backbone).__name__
    if not own.keys() & part.keys():
        raise LitePoseError(
            f'weights {source}: expected tensors of {kind}, such as {some(list(own), 1)}, got '
            f'others, such as {some(list(state), 1)}; give weights of this network, or their '
            'prefix in init_cfg'
        )
    problems = misfits(backbone, part)
    misshaped = problems.get('of another shape')
    if misshaped:
        raise LitePoseError(
            f'weights {source} do not fit {kind}: {len(misshaped)} of another shape '
            f'({some(misshaped)}); give weights of this architecture'
        )
    check_finite(part, source)
    backbone.load_state_dict(part, strict=False)
    return describe(problems) or None


def _read(source: str) -> StateDict:
    if '://' not in source:
        return read_weights(source).state_dict
    content = CheckpointLoader.load_checkpoint(source, map_location='cpu')
    return content.get('state_dict', content)


def _prefix(own: Iterable[str], state: Iterable[str]) -> str:
    """Return the part of a pose network's names that stands before most of our own names."""
    own = frozenset(own)
    found = Counter({'': sum(key in own for key in state)})
    for key in state:
        first, *rest = key.split('.')
        for index in range(len(rest)) if first == 'backbone' else ():
            if '.'.join(rest[index:]) in own:
                found['.'.join([first, *rest[:index], ''])] += 1
    return max(found, key=found.get)
