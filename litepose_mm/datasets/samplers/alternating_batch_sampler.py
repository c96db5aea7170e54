"""Batches of two parts of a data set in turns, for weights and for architecture parameters."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from mmengine.dataset import DefaultSampler
from mmpose.registry import DATA_SAMPLERS

from ...errors import LitePoseError


@DATA_SAMPLERS.register_module()
class AlternatingBatchSampler:
    """In each epoch, batches of one part of the data set, and then batches of the other part.

    EfficientPose (section 4.1) divides the training data at random: 80 % for the weights, 20 % for
    the architecture. The parts are the same in all epochs and processes, and both are shuffled.
    Incomplete batches are left out.

    Args:
        sampler: The loader's sampler, whose seed and epoch determine the order.
        batch_size: Number of samples in the batch of a process.
        weight_share: Fraction of the samples in the first part.
        warmup_epochs: Number of first epochs without the second part.
        split_seed: Seed of the division.

    Raises:
        LitePoseError: A number is out of its range, or a part is smaller than a batch.
    """

    def __init__(
        self,
        sampler: DefaultSampler,
        batch_size: int,
        weight_share: float = 0.8,
        warmup_epochs: int = 0,
        split_seed: int = 0,
    ) -> None:
        if not 0 < weight_share < 1 or warmup_epochs < 0:
            raise LitePoseError(
                'AlternatingBatchSampler: expected weight_share in (0, 1) and warmup_epochs of at '
                f'least 0, got {weight_share} and {warmup_epochs}'
            )
        self.sampler, self.batch_size = sampler, batch_size
        self.warmup_epochs = warmup_epochs
        count = len(sampler.dataset)
        order = torch.randperm(count, generator=torch.Generator().manual_seed(split_seed))
        first = round(count * weight_share)
        #: The samples of both parts.
        self.parts = order[:first].sort().values, order[first:].sort().values
        self._together = batch_size * sampler.world_size
        if min(map(len, self.parts)) < self._together:
            raise LitePoseError(
                f'AlternatingBatchSampler: expected at least {self._together} samples, a batch of '
                f'each process, in both parts, got {len(self.parts[0])} and {len(self.parts[1])}'
            )

    @property
    def num_weight_batches(self) -> int:
        """Number of batches of the first part."""
        return len(self.parts[0]) // self._together

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.sampler.seed + self.sampler.epoch)
        for part in self._parts_of(self.sampler.epoch):
            shuffled = part[torch.randperm(len(part), generator=generator)].tolist()
            for start in range(0, len(part) // self._together * self._together, self._together):
                own = shuffled[start : start + self._together]
                yield own[self.sampler.rank :: self.sampler.world_size]

    def __len__(self) -> int:
        """Return the number of batches of this epoch."""
        return self.batches_of(self.sampler.epoch)

    def batches_of(self, epoch: int) -> int:
        """Return the number of batches of an epoch, counted from 0."""
        return sum(len(part) // self._together for part in self._parts_of(epoch))

    def _parts_of(self, epoch: int) -> tuple[torch.Tensor, ...]:
        return self.parts[: 1 if epoch < self.warmup_epochs else 2]
