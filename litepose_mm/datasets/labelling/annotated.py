"""Compare the people that a model finds in an image with its annotations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...evaluation.functional.oks import keypoint_similarity, similarity_of_each
from ...structures import PoseResult

# Smallest object keypoint similarity of two people who are the same, and of a keypoint that is
# right, whose distance is then at most 1.2 times the tolerance.
_SAME, _RIGHT = 0.3, 0.5


class AnnotatedPeople:
    """Matches the people that a model finds in an image to the annotated ones.

    Args:
        annotations: Annotations of the image, with the keypoints that the file and the model share.
        shared: Index of each of these keypoints in the model's skeleton.
        result: The people that the model finds.

    Attributes:
        labelled: The annotations of people with keypoints.
        crowds: The annotations of crowds.
        partner: For each person that was found, the index of the same person in ``labelled``, or
            -1 if there is none.
    """

    def __init__(
        self, annotations: Sequence[dict], shared: Sequence[int], result: PoseResult
    ) -> None:
        self.shared, self.result = list(shared), result
        self.crowds = [each for each in annotations if each['iscrowd']]
        others = [each for each in annotations if not each['iscrowd']]
        self.labelled = [each for each in others if each['num_keypoints']]
        unlabelled = [each for each in others if not each['num_keypoints']]
        self._ignored = [each['bbox'] for each in (*self.crowds, *unlabelled)]
        triples = [np.reshape(each['keypoints'], (-1, 3)) for each in self.labelled]
        self.keypoints = np.array(triples, dtype=np.float64).reshape(-1, len(self.shared), 3)
        self._areas = np.array([each['area'] for each in self.labelled], dtype=np.float64)
        self._sigmas = result.skeleton.oks_sigmas('comparing with annotations')[self.shared]
        self.partner = self._match()

    def _match(self) -> np.ndarray:
        labelled = self.keypoints[..., 2] > 0
        found = self.result.keypoints[:, self.shared]
        # A keypoint that was not found counts as one at a wrong position.
        everything = np.ones(found.shape[:2], dtype=bool)
        similarity = keypoint_similarity(
            self.keypoints[..., :2], labelled, found, everything, self._sigmas, self._areas
        )
        similarity[similarity < _SAME] = 0
        partner = np.full(len(self.result), -1)
        for own, person in zip(*linear_sum_assignment(-similarity)):
            if similarity[own, person]:
                partner[person] = own
        return partner

    def judge(self) -> tuple[np.ndarray, np.ndarray]:
        """Tell which of the keypoints that were found are right.

        Keypoints are left out if the annotated person has no label for them, or if they belong to
        nobody annotated and lie in a region that is ignored: a crowd or a person without keypoints.

        Returns:
            Scores of the keypoints and whether each is right, (P,) each.
        """
        found = self.result.keypoints[:, self.shared]
        scores = self.result.keypoint_scores[:, self.shared]
        labelled = self.keypoints[..., 2] > 0
        alike = similarity_of_each(self.keypoints[..., :2], found, self._sigmas, self._areas)
        alike = (alike > _RIGHT) & labelled[:, None]
        right, known = alike.any(axis=0), ~self._is_ignored(found)
        for person in np.flatnonzero(self.partner >= 0):
            own = self.partner[person]
            right[person], known[person] = alike[own, person], labelled[own]
        known &= scores > 0
        return scores[known], right[known]

    def _is_ignored(self, points: np.ndarray) -> np.ndarray:
        inside = np.zeros(points.shape[:-1], dtype=bool)
        for left, top, width, height in self._ignored:
            low, high = (left, top), (left + width, top + height)
            inside |= ((points >= low) & (points <= high)).all(axis=-1)
        return inside
