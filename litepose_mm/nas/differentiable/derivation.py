"""Networks from the probabilities of operations: the most probable one, or sampled ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import LitePoseError
from .operation_costs import OperationCosts

# Costs are rounded up to this fraction of the limit, so that a network never exceeds it.
_STEPS = 4096
# Samples for each network that is asked for, before the search gives up.
_DRAWS = 1000


def derive(
    probabilities: Sequence[np.ndarray], costs: OperationCosts, limit: float | None = None
) -> tuple[int, ...]:
    """Return the most probable network of a cost of at most a limit.

    Without a limit, each block gets its most probable operation. With one, the product of the
    probabilities is maximised by dynamic programming over the cost.

    Args:
        probabilities: Probabilities of the operations of each block.
        costs: Their costs.
        limit: The largest cost allowed.

    Returns:
        The index of the operation of each block.

    Raises:
        LitePoseError: No network meets the limit.
    """
    best = tuple(int(np.argmax(own)) for own in probabilities)
    if limit is None:
        return best
    costs.check_limit(limit)
    if costs.of(best) <= limit:
        return best
    # Of each block, only what an operation costs beyond the cheapest one counts.
    step = (limit - costs.least) / _STEPS
    scores = np.full(_STEPS + 1, -np.inf)  # by the budget used
    scores[0] = 0.0
    taken = []
    for own, row in zip(probabilities, costs.table, strict=True):
        options = np.full((len(row), _STEPS + 1), -np.inf)
        for index, (probability, cost) in enumerate(zip(own, row)):
            extra = cost - min(row)
            used = 0 if extra <= 0 else int(np.ceil(extra / step)) if step else _STEPS + 1
            if used <= _STEPS:
                options[index, used:] = scores[: _STEPS + 1 - used] + np.log(
                    max(probability, 1e-30)
                )
        taken.append(options.argmax(axis=0))
        scores = options.max(axis=0)
    budget = int(scores.argmax())
    choices: list[int] = []
    for choice, row in zip(reversed(taken), reversed(costs.table)):
        index = int(choice[budget])
        extra = row[index] - min(row)
        budget -= int(np.ceil(extra / step)) if extra > 0 else 0
        choices.append(index)
    return tuple(reversed(choices))


def draw(
    probabilities: Sequence[np.ndarray],
    costs: OperationCosts,
    count: int,
    rng: np.random.Generator,
    limit: float | None = None,
) -> list[tuple[int, ...]]:
    """Sample different networks of a cost of at most a limit.

    Args:
        probabilities: Probabilities of the operations of each block.
        costs: Their costs.
        count: Number of networks.
        rng: Source of random numbers.
        limit: The largest cost allowed.

    Raises:
        LitePoseError: No network meets the limit, or too few that are drawn do.
    """
    if limit is not None:
        costs.check_limit(limit)
    found: dict[tuple[int, ...], None] = {}
    for _ in range(_DRAWS * count):
        if len(found) == count:
            break
        choices = tuple(int(rng.choice(len(own), p=own / own.sum())) for own in probabilities)
        if limit is None or costs.of(choices) <= limit:
            found[choices] = None
    if len(found) < count:
        raise LitePoseError(
            f'search: expected {count} different networks, got {len(found)} in '
            f'{_DRAWS * count} samples; ask for fewer, or raise the limit of {limit}'
        )
    return list(found)
