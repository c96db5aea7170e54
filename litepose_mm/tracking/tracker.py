"""Assign stable ids to people by the similarity of poses and tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..errors import LitePoseError
from ..evaluation.functional.oks import box_areas, keypoint_similarity
from ..structures import PoseResult
from .one_euro import OneEuroFilter

_MIN_SHRINKAGE = 0.9  # the area of a person shrinks at most by this factor between images
_MISSED_FACTOR = 0.9  # reduces the similarity of people who were missing in the previous image


@dataclass
class _Track:
    """A tracked person."""

    id: int
    time: float
    seen: np.ndarray
    area: float
    tag: np.ndarray | None
    smooth: OneEuroFilter = field(repr=False)


class PoseTracker:
    """Assigns stable ids and smoothed keypoints to the people of successive results.

    Tracked people are predicted by their speed, and found people are assigned to them so that the
    sum of similarities is maximal. The similarity is COCO's object keypoint similarity, reduced
    if the tags differ: associative embeddings identify people within an image and change slowly
    between images.

    Example::

        tracker = PoseTracker()
        for time, image in frames:
            result = tracker(estimator(image), time)
            print(result.ids)

    Args:
        min_similarity: Minimum similarity of the same person, 0 to 1.
        tag_weight: Fraction of the similarity that depends on tags, 0 to 1; 0 ignores tags.
        tag_spread: Difference of tags that halves this fraction.
        max_age: Seconds after which a missing person is forgotten. Ids are not reused.
        smoothing: Whether to smooth keypoints; ids do not depend on it.
        min_cutoff: See :class:`OneEuroFilter`; in Hz.
        beta: See :class:`OneEuroFilter`; the unit of length is the person's size.

    Raises:
        LitePoseError: A number is out of range.
    """

    def __init__(
        self,
        min_similarity: float = 0.2,
        tag_weight: float = 0.3,
        tag_spread: float = 0.5,
        max_age: float = 1.0,
        smoothing: bool = True,
        min_cutoff: float = 1.5,
        beta: float = 5.0,
    ) -> None:
        if not (0 < min_similarity <= 1 and 0 <= tag_weight <= 1 and tag_spread > 0 <= max_age):
            raise LitePoseError(
                'tracker: expected min_similarity in (0, 1], tag_weight in [0, 1], tag_spread > 0 '
                f'and max_age >= 0, got {min_similarity}, {tag_weight}, {tag_spread}, {max_age}'
            )
        self.min_similarity, self.max_age = min_similarity, max_age
        self.tag_weight, self.tag_spread = tag_weight, tag_spread
        self.smoothing = smoothing
        self._filter_options = dict(min_cutoff=min_cutoff, beta=beta, max_gap=min(max_age, 0.5))
        OneEuroFilter(**self._filter_options)  # checks the numbers
        self._tracks: list[_Track] = []
        self._next_id = 0
        self._time = -np.inf
        self._seen_of: tuple | None = None

    def __call__(self, result: PoseResult, time: float) -> PoseResult:
        """Tracks the people of the next image.

        Args:
            result: The people found. A different image size or skeleton starts tracking anew.
            time: Seconds, later than the time of the previous image.

        Returns:
            The same people in the same order, with ids and smoothed keypoints.

        Raises:
            LitePoseError: The time does not increase, or the skeleton has no sigmas.
        """
        sigmas = result.skeleton.oks_sigmas('tracking')
        if not time > self._time:
            raise LitePoseError(f'tracker: expected a time after {self._time:g} s, got {time:g} s')
        self._time = time
        kind = (result.image_size, result.skeleton.keypoint_names)
        if kind != self._seen_of:
            self._tracks, self._seen_of = [], kind
        self._tracks = [track for track in self._tracks if time - track.time <= self.max_age]

        seen = result.found()
        areas = box_areas(result.keypoints, seen)
        keypoints = np.array(result.keypoints)
        known = {person: track for track, person in self._pairs(result, seen, time, sigmas)}
        ids = []
        for person in range(len(result)):
            track = known.get(person) or self._begin()
            ids.append(track.id)
            # Few keypoints have a small box, but nobody shrinks in a moment.
            track.area = max(float(areas[person]), _MIN_SHRINKAGE * track.area)
            smooth = track.smooth(
                result.keypoints[person], time, seen[person], float(np.sqrt(track.area))
            )
            if self.smoothing:
                keypoints[person] = smooth
            track.time, track.seen = time, seen[person]
            track.tag = None if result.tags is None else result.tags[person]
        return replace(result, keypoints=keypoints, ids=np.array(ids))

    def _begin(self) -> _Track:
        track = _Track(
            self._next_id, self._time, np.zeros(0), 1.0, None, OneEuroFilter(**self._filter_options)
        )
        self._tracks.append(track)
        self._next_id += 1
        return track

    def _pairs(
        self, result: PoseResult, seen: np.ndarray, time: float, sigmas: np.ndarray
    ) -> Iterator[tuple[_Track, int]]:
        """Yields known tracks with the indices of the people assigned to them."""
        tracks = list(self._tracks)
        if not tracks or not len(result):
            return
        similarity = keypoint_similarity(
            np.stack([track.smooth.predict(time) for track in tracks]),
            np.stack([track.seen for track in tracks]),
            result.keypoints,
            seen,
            sigmas,
            np.array([track.area for track in tracks]),
        )
        if self.tag_weight and result.tags is not None:
            for row, track in zip(similarity, tracks):
                if track.tag is not None and track.tag.shape == result.tags.shape[1:]:
                    apart = np.abs(result.tags - track.tag).mean(axis=1) / self.tag_spread
                    row *= 1 - self.tag_weight * (1 - 2.0**-apart)
        # Two pairs below the minimum must not outweigh one above it.
        similarity[similarity < self.min_similarity] = 0
        # A duplicated person must not alternate between two tracks forever.
        times = np.array([track.time for track in tracks])
        similarity[times < times.max()] *= _MISSED_FACTOR
        for index, person in zip(*linear_sum_assignment(-similarity)):
            if similarity[index, person]:
                yield tracks[index], int(person)
