"""A block whose output is the mixture of several operations, weighted by their probabilities.

EfficientPose, section 3.1, equations 2 and 3. Computing a mixture takes the memory of all
operations, so training samples one or two of them (dropping-path training, section 3.2). The paper
does not say how the sampled ones are weighted. Here, each has its probability in the mixture
divided by the probability of being sampled, which makes the expected output, and the expected
gradient of any linear function of it, those of the mixture (Horvitz and Thompson, 1952).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ..search_spaces import Operation

#: Name of the operation that leaves a block out.
SKIP = 'skip'
# Probabilities of float32 can be 0 and 1, of which neither can be divided by or sampled from.
_TINY = 1e-30


def operation_name(operation: Operation) -> str:
    """Return the paper's name (figure 4) of an operation: ``'K5_E6'``, or ``'skip'``."""
    return SKIP if operation is None else f'K{operation[1]}_E{operation[0]}'


class MixedBlock(nn.Module):
    """The candidate operations of a block, of which a search finds the best.

    In training, the output is the mixture, or an estimate of it from sampled operations; in
    evaluation it is that of the most probable operation.

    Args:
        operations: A module for each operation; inputs and outputs have the same shapes in all.

    Attributes:
        alpha: The logits of the operations, all 0 at first.
        temperature: The logits are divided by it.
        paths: Number of operations that are sampled in training, 1 or 2; None computes all.
    """

    def __init__(self, operations: Mapping[Operation, nn.Module]):
        super().__init__()
        self.settings: tuple[Operation, ...] = tuple(operations)
        named = {operation_name(each): module for each, module in operations.items()}
        self.operations = nn.ModuleDict(named)
        self.alpha = nn.Parameter(torch.zeros(len(self.settings)))
        self.temperature = 1.0
        self.paths: int | None = None

    def probabilities(self) -> Tensor:
        """Return the probability of each operation."""
        return torch.softmax(self.alpha / self.temperature, dim=0)

    @property
    def most_probable(self) -> int:
        """Index of the most probable operation; without values, on the device meta, the first."""
        return 0 if self.alpha.is_meta else int(self.alpha.argmax())

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return self._run(self.most_probable, x)
        if self.paths is None or self.paths >= len(self.settings):
            probabilities = self.probabilities()
            return sum(
                own.to(x.dtype) * self._run(index, x) for index, own in enumerate(probabilities)
            )
        with torch.no_grad():
            chances = self.probabilities().double().clamp_min(_TINY)
            chosen = torch.multinomial(chances, self.paths).tolist()
        return self.estimate(x, chosen)

    def estimate(self, x: Tensor, chosen: Sequence[int]) -> Tensor:
        """Estimate the mixture from operations that were sampled without replacement.

        Args:
            x: The input.
            chosen: Their indices.
        """
        if len(chosen) == 1 and not self.alpha.requires_grad:
            return self._run(chosen[0], x)  # of weight 1
        probabilities = self.probabilities()
        weights = probabilities / inclusion(probabilities.detach(), len(chosen))
        return sum(weights[index].to(x.dtype) * self._run(index, x) for index in chosen)

    def _run(self, index: int, x: Tensor) -> Tensor:
        return self.operations[operation_name(self.settings[index])](x)


def inclusion(probabilities: Tensor, paths: int) -> Tensor:
    """Return the probability of each operation to be among those that are sampled.

    Args:
        probabilities: Probabilities ``(N,)`` of the operations to be sampled first.
        paths: Number of operations that are sampled without replacement, 1 or 2.
    """
    if paths == 1:
        return probabilities.clamp_min(_TINY)
    own = probabilities.double().clamp_min(_TINY)
    but_itself = 1 - torch.eye(len(own), dtype=own.dtype, device=own.device)
    # 1 - p and differences of large numbers would be inexact, sums of the others are exact.
    odds = own / (but_itself @ own)
    return (own * (1 + but_itself @ odds)).clamp(_TINY, 1).to(probabilities.dtype)
