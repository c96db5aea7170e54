"""The authors' assignment of candidates to people.

The authors use the Hungarian algorithm of the pure Python package ``munkres``. Where several
assignments cost the same, the order in which it visits zeros decides between them. This is the
same algorithm with the same order and arithmetic, several times as fast.
"""

from __future__ import annotations

import numpy as np


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
    rows = np.arange(num_candidates)
    columns = cost.argmin(1)
    # Munkres begins with these, and ends with them if no two candidates prefer the same group.
    if len(set(columns.tolist())) < num_candidates:
        size = max(num_candidates, num_groups)
        square = np.zeros((size, size))
        # Candidates beyond the number of groups get columns at a high cost, as with the authors.
        square[:num_candidates, num_groups:] = 1e10
        square[:num_candidates, :num_groups] = cost
        columns = np.array(_Munkres(square).solve()[:num_candidates])
    matched = columns < num_groups
    matched[matched] = distance[rows[matched], columns[matched]] < threshold
    return np.where(matched, columns, -1)


class _Munkres:
    """Finds the cheapest assignment of rows to columns as the package ``munkres`` 1.1 does.

    Sets of columns are the bits of integers, so that a row is searched in one operation.

    Args:
        cost: Square costs, float64; modified.
    """

    def __init__(self, cost: np.ndarray):
        self.cost = cost
        cost -= cost.min(1, keepdims=True)
        self.size = len(cost)
        self.star_of_row = [-1] * self.size
        self.star_of_column = [-1] * self.size
        self._find_zeros()

    def solve(self) -> list[int]:
        """Returns the column of every row."""
        free = (1 << self.size) - 1  # columns without a star
        for row, zeros in enumerate(self.zeros):
            first = zeros & free & -(zeros & free)
            if first:
                self._star(row, first.bit_length() - 1)
                free ^= first
        while free:
            free ^= 1 << self._augment(free)
        return self.star_of_row

    def _find_zeros(self) -> None:
        """Updates the columns of each row's zeros."""
        bits = np.packbits(self.cost == 0, axis=1, bitorder='little')
        self.zeros = [int.from_bytes(row.tobytes(), 'little') for row in bits]

    def _star(self, row: int, column: int) -> None:
        self.star_of_row[row], self.star_of_column[column] = column, row

    def _augment(self, free: int) -> int:
        """Stars one zero more, moves others for it, and returns its column."""
        covered = [False] * self.size  # rows
        uncovered = free  # columns
        primes = [-1] * self.size
        row = column = 0
        while True:
            row, column = self._uncovered_zero(covered, uncovered, row, column)
            if row < 0:
                self._shift(covered, uncovered)
                row = column = 0
                continue
            primes[row] = column
            if self.star_of_row[row] < 0:
                break
            covered[row] = True
            column = self.star_of_row[row]
            uncovered |= 1 << column
        # Each primed zero is starred in place of the starred zero in its column.
        while row >= 0:
            column, other = primes[row], self.star_of_column[primes[row]]
            self._star(row, column)
            row = other
        return column

    def _uncovered_zero(
        self, covered: list[bool], uncovered: int, row: int, column: int
    ) -> tuple[int, int]:
        """Searches all rows from ``row`` on, each from ``column`` on, and around their ends.

        In the first row with uncovered zeros, the last of them is taken. This order decides which
        of several equally good assignments is found.
        """
        before = (1 << column) - 1
        for own in (*range(row, self.size), *range(row)):
            zeros = 0 if covered[own] else self.zeros[own] & uncovered
            if zeros:
                return own, (zeros & before or zeros).bit_length() - 1
        return -1, -1

    def _shift(self, covered: list[bool], uncovered: int) -> None:
        """Makes a zero of the smallest uncovered cost."""
        rows = np.array(covered)
        columns = np.array([bool(uncovered >> column & 1) for column in range(self.size)])
        smallest = self.cost[~rows][:, columns].min()
        # Adding and subtracting rounds, so both happen, one after the other.
        self.cost[rows] += smallest
        self.cost[:, columns] -= smallest
        self._find_zeros()
