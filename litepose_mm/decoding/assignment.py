"""A fast version of the authors' assignment of candidates to people.

The authors use the Hungarian algorithm of the pure Python package ``munkres``. A unique optimum
does not depend on the algorithm, so scipy finds it. Where several optima would give different
people, ``munkres`` itself decides, as it did for the authors.
"""

from __future__ import annotations

import numpy as np
from munkres import Munkres
from scipy.optimize import linear_sum_assignment

# Costs that differ by less count as equal: munkres itself adds and subtracts 1e10, which leaves
# about six decimals of precision.
_TOLERANCE = 1e-4


def assign(distance: np.ndarray, values: np.ndarray, threshold: float) -> np.ndarray:
    """Assigns every candidate to a group, or to none.

    The cost of a pair is ``100 * round(distance) - value``; each group takes at most one
    candidate (LitePose, HigherHRNet: ``match_by_tag``).

    Args:
        distance: Tag distances, float64, shape ``(A, G)``, ``A, G >= 1``.
        values: Heatmap values of the candidates, float64, shape ``(A,)``.
        threshold: Pairs at this distance or more do not match.

    Returns:
        The group of each candidate, or -1, shape ``(A,)``.
    """
    cost = np.round(distance) * 100 - values[:, None]
    num_candidates, num_groups = cost.shape
    close = distance < threshold

    if num_candidates <= num_groups:
        # If no two candidates prefer the same group and no runner-up is as good, giving every
        # candidate its preferred group is the unique optimum.
        group = cost.argmin(1)
        rows = np.arange(num_candidates)
        others = cost.copy()
        others[rows, group] = np.inf
        if (
            len(set(group.tolist())) == num_candidates
            and (others.min(1) - cost[rows, group] > _TOLERANCE).all()
        ):
            return np.where(close[rows, group], group, -1)

    size = max(num_candidates, num_groups)
    square = np.zeros((size, size))
    square[:num_candidates, :num_groups] = cost
    square_close = np.zeros((size, size), dtype=bool)
    square_close[:num_candidates, :num_groups] = close
    rows, columns = linear_sum_assignment(square)
    if _depends_on_algorithm(square, square_close, columns):
        columns = _munkres(cost)
    columns = columns[:num_candidates]
    matched = square_close[np.arange(num_candidates), columns]
    return np.where(matched, columns, -1)


def _depends_on_algorithm(cost: np.ndarray, close: np.ndarray, columns: np.ndarray) -> bool:
    """Whether another optimum exists that matches other close pairs.

    Optima differ by cycles of zero cost: row ``i`` takes the column of row ``k``, and so on.
    """
    size = len(cost)
    swapped = cost[:, columns]  # [i, k]: row i with the column of row k
    step = swapped - swapped.diagonal()[:, None]
    shortest = step.copy()
    for middle in range(size):
        np.minimum(shortest, shortest[:, middle, None] + shortest[middle], out=shortest)
    on_cycle = step + shortest.T < _TOLERANCE
    np.fill_diagonal(on_cycle, False)
    if not on_cycle.any():
        return False
    close_swapped = close[:, columns]
    return bool((on_cycle & (close_swapped | close_swapped.diagonal()[:, None])).any())


def _munkres(cost: np.ndarray) -> np.ndarray:
    """Returns the column of every row, with the padding that the authors use."""
    num_candidates, num_groups = cost.shape
    if num_candidates > num_groups:
        padding = np.full((num_candidates, num_candidates - num_groups), 1e10)
        cost = np.concatenate((cost, padding), axis=1)
    columns = np.empty(num_candidates, dtype=np.int64)
    for row, column in Munkres().compute(cost.tolist()):
        columns[row] = column
    return columns
