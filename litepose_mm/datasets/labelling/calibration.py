"""Map the score of a keypoint to the probability that it is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from ...errors import LitePoseError

# With so many keypoints, the probability of a bin is accurate to about 0.05.
_FEWEST_IN_A_BIN, _MOST_BINS = 100, 20


@dataclass(frozen=True)
class Calibration:
    """A piecewise linear function that rises with the score.

    Args:
        scores: (P,) scores, ascending from 0.
        probabilities: (P,) shares of keypoints with these scores that are right, from 0 to 1.
    """

    scores: np.ndarray
    probabilities: np.ndarray

    @classmethod
    def fit(cls, scores: np.ndarray, right: np.ndarray) -> Calibration:
        """Fit an isotonic regression to bins with equal numbers of keypoints.

        Args:
            scores: (N,) scores of keypoints that were found, above 0.
            right: (N,) whether each keypoint is right.

        Raises:
            LitePoseError: There are fewer keypoints than a bin needs.
        """
        if len(scores) < _FEWEST_IN_A_BIN:
            raise LitePoseError(
                f'calibration: expected at least {_FEWEST_IN_A_BIN} keypoints to compare with the '
                f'annotations, got {len(scores)}; use more annotated images, or no annotations'
            )
        order = np.argsort(scores, kind='stable')
        bins = np.array_split(order, min(len(order) // _FEWEST_IN_A_BIN, _MOST_BINS))
        sizes = [len(each) for each in bins]
        shares = isotonic_regression([right[each].mean() for each in bins], weights=sizes).x
        centres = [scores[each].mean() for each in bins]
        return cls(np.array([0.0, *centres]), np.array([0.0, *shares]))

    def __call__(self, scores: np.ndarray) -> np.ndarray:
        """Return the probability of each score, which is 0 for scores that are not above 0."""
        return np.where(scores > 0, np.interp(scores, self.scores, self.probabilities), 0)
