"""Weights with the names of the authors' code."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from ..errors import LitePoseError, some
from .reading import StateDict

# Their names and ours.
_RENAME: tuple[tuple[str, str], ...] = (
    (r'first\.([01])\.0\.', r'backbone.stem.\1.conv.'),
    (r'first\.([01])\.1\.', r'backbone.stem.\1.bn.'),
    (r'first\.2\.', 'backbone.stem.2.conv.'),
    (r'first\.3\.', 'backbone.stem.2.bn.'),
    (r'stage\.(\d+)\.(\d+)\.inv\.0\.', r'backbone.stages.\1.\2.expand.conv.'),
    (r'stage\.(\d+)\.(\d+)\.inv\.1\.', r'backbone.stages.\1.\2.expand.bn.'),
    (r'stage\.(\d+)\.(\d+)\.depth_conv\.0\.', r'backbone.stages.\1.\2.depthwise.conv.'),
    (
        r'stage\.(\d+)\.(\d+)\.Linear([35])x[35]\.',
        r'backbone.stages.\1.\2.depthwise.conv.kernel_transforms.\3.',
    ),
    (r'stage\.(\d+)\.(\d+)\.depth_conv\.1\.', r'backbone.stages.\1.\2.depthwise.bn.'),
    (r'stage\.(\d+)\.(\d+)\.point_conv\.0\.', r'backbone.stages.\1.\2.project.conv.'),
    (r'stage\.(\d+)\.(\d+)\.point_conv\.1\.', r'backbone.stages.\1.\2.project.bn.'),
    (r'deconv_(refined|raw)\.(\d+)\.', r'head.deconvs.\2.\1.'),
    (r'deconv_bnrelu\.(\d+)\.0\.', r'head.deconvs.\1.bn.'),
    (r'final_(refined|raw)\.(\d+)\.conv\.0\.', r'head.outputs.\2.\1.depthwise.conv.'),
    (r'final_(refined|raw)\.(\d+)\.conv\.1\.', r'head.outputs.\2.\1.depthwise.bn.'),
    (r'final_(refined|raw)\.(\d+)\.conv\.3\.', r'head.outputs.\2.\1.pointwise.'),
)


def is_authors(state: Mapping[str, Tensor]) -> bool:
    """Whether the weights carry the names of the authors' code."""
    return any(key.startswith('first.') for key in state)


def is_authors_supernet(state: Mapping[str, Tensor]) -> bool:
    """Whether these weights of the authors' code are those of a supernet."""
    return any('.Linear5x5.' in key for key in state)


def from_authors(state: Mapping[str, Tensor], supernet: bool = False) -> StateDict:
    """Weights with our names for the authors'.

    Args:
        state: Weights with the authors' names.
        supernet: Whether they may be those of a supernet.

    Raises:
        LitePoseError: A supernet's weights, or a name the authors' LitePose does not have.
    """
    if not supernet and is_authors_supernet(state):
        raise LitePoseError(
            "these are the weights of the authors' supernet, which stand for "
            'many networks; expected those of one network '
            '(SupernetBottomupPoseEstimator takes these)'
        )
    renamed, unknown = {}, []
    for key, value in state.items():
        for pattern, replacement in _RENAME:
            match = re.match(pattern, key)
            if match:
                renamed[match.expand(replacement) + key[match.end() :]] = value
                break
        else:
            unknown.append(key)
    if unknown:
        raise LitePoseError(
            f"{len(unknown)} names are not of the authors' LitePose: {some(unknown)}"
        )
    return renamed
