"""The One-Euro filter: slow movement is smoothed, quick movement followed.

Casiez, Roussel and Vogel, "1 Euro Filter: A Simple Speed-based Low-pass Filter for Noisy Input in
Interactive Systems", CHI 2012.
"""

from __future__ import annotations

import numpy as np

from ..errors import LitePoseError


class OneEuroFilter:
    """Smooths points, each by itself, seen at any times.

    Args:
        min_cutoff: Cut-off frequency at rest, Hz: lower is smoother.
        beta: How much the cut-off grows with speed: higher lags less.
        derivative_cutoff: Cut-off frequency of the speed, Hz.
        max_gap: Seconds after which a point that was not seen begins anew.

    Raises:
        LitePoseError: A number is out of its range.

    Attributes:
        values: (P, D) smoothed points; those not seen yet are as they came.
        speeds: (P, D) smoothed speeds, units a second: of the points as they came, because their
            distance from the smoothed ones holds the lag, too.
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
                'One-Euro filter: expected positive cut-offs, and beta and max_gap from 0, got '
                f'{min_cutoff}, {derivative_cutoff}, {beta} and {max_gap}'
            )
        self.min_cutoff, self.beta = min_cutoff, beta
        self.derivative_cutoff, self.max_gap = derivative_cutoff, max_gap
        self.values = self.speeds = np.zeros((0, 0))
        self._latest = np.zeros((0, 0))  # each point as it was last seen
        self._times = np.zeros(0)  # and when

    def __call__(
        self, points: np.ndarray, time: float, seen: np.ndarray | None = None, unit: float = 1.0
    ) -> np.ndarray:
        """Takes the points of a moment.

        Args:
            points: (P, D), the same number every time.
            time: Seconds, later than before.
            seen: (P,) which points there are; all by default.
            unit: What ``beta`` takes for one unit of length, e.g. a person's size, so that people
                near and far are smoothed alike.

        Returns:
            (P, D) smoothed points; as they came where they are not seen.
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
        """Where the points go together, for ``max_gap``.

        They go at the mean speed of those that were seen last: limbs swing, the body goes on.

        Returns:
            (P, D), from where each was last seen.
        """
        speed = self.speeds[self._times == self._times.max()].mean(axis=0)
        gaps = np.clip(time - self._times, 0, self.max_gap)
        return self._latest + speed * gaps[:, None]


def _share(cutoff: float | np.ndarray, step: np.ndarray) -> np.ndarray:
    """What an exponential filter takes of a new value."""
    turn = 2 * np.pi * cutoff * step
    return turn / (turn + 1)
