"""The One-Euro filter, which smooths slow movements and follows quick ones.

Casiez, Roussel and Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems", CHI 2012.
"""

from __future__ import annotations

import numpy as np

from ..errors import LitePoseError


class OneEuroFilter:
    """Smooths points independently of each other, at arbitrary times.

    Args:
        min_cutoff: Cut-off frequency at rest in Hz; a lower value smooths more.
        beta: How fast the cut-off grows with speed; a higher value reduces the lag.
        derivative_cutoff: Cut-off frequency of the speed in Hz.
        max_gap: Seconds after which a point that was not seen starts anew.

    Raises:
        LitePoseError: A number is out of range.

    Attributes:
        values: (P, D) smoothed points; those not seen yet are unfiltered.
        speeds: (P, D) smoothed speeds in units per second. They are differences of unfiltered
            points, because distances from smoothed points would include the lag.
    """

    def __init__(
        self,
        min_cutoff: float = 1.0,
        beta: float = 0.0,
        derivative_cutoff: float = 1.0,
        max_gap: float = 0.5,
    ) -> None:
        if min(min_cutoff, derivative_cutoff) <= 0 or min(beta, max_gap) < 0:
            raise LitePoseError(
                'One-Euro filter: expected min_cutoff > 0, derivative_cutoff > 0, beta >= 0 and '
                f'max_gap >= 0, got {min_cutoff}, {derivative_cutoff}, {beta} and {max_gap}'
            )
        self.min_cutoff, self.beta = min_cutoff, beta
        self.derivative_cutoff, self.max_gap = derivative_cutoff, max_gap
        self.values = self.speeds = np.zeros((0, 0))
        self._latest = np.zeros((0, 0))  # each unfiltered point when it was last seen
        self._times = np.zeros(0)  # when each point was last seen

    def __call__(
        self, points: np.ndarray, time: float, seen: np.ndarray | None = None, unit: float = 1.0
    ) -> np.ndarray:
        """Filters the points at one time.

        Args:
            points: (P, D), with the same P every time.
            time: Seconds, later than before.
            seen: Mask (P,) of the points that were seen; all by default.
            unit: Unit of length for ``beta``, e.g. a person's size, so that near and distant
                people are smoothed alike.

        Returns:
            (P, D) smoothed points; those that were not seen are unchanged.
        """
        seen = np.ones(len(points), dtype=bool) if seen is None else seen
        if not len(self._times):
            self.values, self.speeds = np.array(points, dtype=float), np.zeros(points.shape)
            self._latest = self.values.copy()
            self._times = np.full(len(points), -np.inf)
        gaps = time - self._times
        goes_on = seen & (gaps <= self.max_gap) & (gaps > 0)
        begins = seen & ~goes_on & (gaps != 0)
        self.values[begins], self.speeds[begins] = points[begins], 0
        if goes_on.any():
            steps = gaps[goes_on, None]
            before, fresh = self.values[goes_on], points[goes_on]
            share = _share(self.derivative_cutoff, steps)
            speeds = self.speeds[goes_on]
            speeds = speeds + share * ((fresh - self._latest[goes_on]) / steps - speeds)
            magnitude = np.linalg.norm(speeds, axis=1, keepdims=True) / unit
            share = _share(self.min_cutoff + self.beta * magnitude, steps)
            self.values[goes_on] = before + share * (fresh - before)
            self.speeds[goes_on] = speeds
        self._latest[seen], self._times[seen] = points[seen], time
        return np.where(seen[:, None], self.values, points)

    def predict(self, time: float) -> np.ndarray:
        """Predicts the points, up to ``max_gap`` after each was last seen.

        All move at the mean speed of the points that were seen last, since limbs swing while the
        body moves steadily.

        Returns:
            The predicted points, (P, D).
        """
        speed = self.speeds[self._times == self._times.max()].mean(axis=0)
        gaps = np.clip(time - self._times, 0, self.max_gap)
        return self._latest + speed * gaps[:, None]


def _share(cutoff: float | np.ndarray, step: np.ndarray) -> np.ndarray:
    """Returns the weight of a new value in an exponential filter."""
    turn = 2 * np.pi * cutoff * step
    return turn / (turn + 1)
