"""Chains of mixed blocks: the super-networks of the search by gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from mmpose.registry import MODELS
from torch import nn

from ...checkpoints import read_weights
from ...models.backbones import EfficientPose, LitePose
from ..search_spaces import Operation, SearchSpace, get_search_space
from .mixed_block import MixedBlock
from .remapping import remap_chain


class _MixedChain:
    """A chain whose blocks are mixed where the space has several operations for them.

    Args:
        space: Name or plain data of a space of chains, see :meth:`SearchSpace.candidates`.
        chain: File with the weights of a network of the family, from which all operations start by
            parameter remapping; None keeps random weights.
        kwargs: Arguments of the plain backbone, without ``arch``.

    Raises:
        LitePoseError: The space is none of chains, or is another family's.
    """

    elastic_options: ClassVar[tuple[str, ...]] = ('space', 'chain')

    def __init__(
        self,
        space: str | Mapping[str, Any] | SearchSpace,
        chain: str | None = None,
        **kwargs,
    ):
        space = get_search_space(space)
        self._candidates = space.candidates()
        super().__init__(space.largest, **kwargs)
        self.space, self.chain = space, chain

    def build_block(
        self,
        place: tuple[int, int],
        in_channels: int,
        out_channels: int,
        stride: int,
        setting: tuple[int, int],
        layers: Mapping[str, Any],
    ) -> nn.Module:
        """Build the block of each operation."""

        def build(operation: Operation) -> nn.Module:
            if operation is None:
                return nn.Identity()
            return super(_MixedChain, self).build_block(
                place, in_channels, out_channels, stride, operation, layers
            )

        stage, index = place
        operations = self._candidates[stage][index]
        return MixedBlock({each: build(each) for each in operations})

    @property
    def mixed_blocks(self) -> list[MixedBlock]:
        """All blocks, from the shallowest to the deepest."""
        return [block for stage in self.stages for block in stage]

    def arch_of(self, choices: list[int]) -> Any:
        """Return the architecture of an operation for each of :attr:`mixed_blocks`.

        Args:
            choices: Indices of the operations.
        """
        operations = iter(
            block.settings[index] for block, index in zip(self.mixed_blocks, choices, strict=True)
        )
        return self.space.assembled([[next(operations) for _ in stage] for stage in self.stages])

    def init_weights(self) -> None:
        """Initialise the weights, by remapping those of ``chain`` if there is one.

        Raises:
            LitePoseError: The file cannot be read or does not fit.
        """
        if self.is_init:
            return
        super().init_weights()
        if self.chain is not None:
            remap_chain(read_weights(self.chain).state_dict, self, self.chain)


@MODELS.register_module()
class MixedLitePose(_MixedChain, LitePose):
    """A LitePose backbone of mixed blocks, which choose kernels and, by leaving out, depths."""

    plain_type: ClassVar[str] = 'LitePose'


@MODELS.register_module()
class MixedEfficientPose(_MixedChain, EfficientPose):
    """An EfficientPose backbone of mixed blocks, which choose kernels, expansions and depths."""

    plain_type: ClassVar[str] = 'EfficientPose'
