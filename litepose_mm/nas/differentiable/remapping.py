"""Parameter remapping: weights of a chain for blocks of other depth, width and kernel size.

Fang et al., "Fast Neural Network Adaptation via Parameter Remapping and Architecture Search", ICLR
2020, section 3.1, which EfficientPose uses for its super-network and for the networks it derives. A
block beyond the chain's depth gets the weights of the last block of its stage, narrower layers get
the first channels, and a kernel gets the other one's centre. Beyond that paper, wider layers keep
their own weights in the new channels, which the projection multiplies by 0, and a larger kernel is
0 around the other one: both leave the function of the block as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...checkpoints import StateDict
from ...errors import LitePoseError
from ...families.base import last_index
from .mixed_block import MixedBlock


@torch.no_grad()
def remap_chain(state: StateDict, backbone: nn.Module, source: str) -> None:
    """Remap the weights of a network to a backbone of plain or mixed blocks.

    Args:
        state: Weights of a network of the same family, or of its backbone.
        backbone: The backbone, whose weights are replaced.
        source: Where the weights are from, for messages.

    Raises:
        LitePoseError: They have no blocks of this family.
    """
    prefix = 'backbone.' if any(key.startswith('backbone.') for key in state) else ''
    state = {key.removeprefix(prefix): value for key, value in state.items()}
    try:
        depths = [
            1 + last_index(state, rf'stages\.{stage}\.(\d+)\.depthwise\.')
            for stage in range(len(backbone.stages))
        ]
    except KeyError:
        raise LitePoseError(
            f'weights {source}: expected a chain of {len(backbone.stages)} stages of blocks, such '
            'as an EfficientPose or a LitePose, got others'
        ) from None
    remap_block(_part(state, 'stem.'), backbone.stem)
    for stage, (blocks, depth) in enumerate(zip(backbone.stages, depths)):
        for index, block in enumerate(blocks):
            own = min(index, depth - 1)
            if index and not own:
                continue  # the first block has another stride and input than all others
            part = _part(state, f'stages.{stage}.{own}.')
            for operation in (
                block.operations.values() if isinstance(block, MixedBlock) else [block]
            ):
                remap_block(part, operation)


@torch.no_grad()
def remap_block(state: Mapping[str, Tensor], block: nn.Module) -> None:
    """Remap the weights of a block to another one, which may be wider or have another kernel.

    Args:
        state: Weights by the names of the block's tensors.
        block: The block, whose weights are replaced.
    """
    for name, own in block.state_dict().items():  # shares memory with the weights
        given = state.get(name)
        if given is None:
            continue
        if own.ndim == 4:
            given = _resized(given, own.shape[-1])
            if name.startswith('project.'):
                own[:, given.shape[1] :] = 0
        own[tuple(slice(size) for size in given.shape)] = given[
            tuple(slice(size) for size in own.shape)
        ].to(own.dtype)


def _resized(weight: Tensor, size: int) -> Tensor:
    """Return kernels of another odd size with the same centre."""
    border = (size - weight.shape[-1]) // 2
    return nn.functional.pad(weight, [border] * 4)  # a negative border crops


def _part(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): v for key, v in state.items() if key.startswith(prefix)}
