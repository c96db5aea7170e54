"""Ids for people that stay, by how alike poses and tags are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..errors import LitePoseError
from ..evaluation.functional.oks import box_areas, keypoint_similarity
from ..structures import PoseResult
from .one_euro import OneEuroFilter

_SHRINKS = 0.9  # at most, the area of a person from one image to the next
_MISSED = 0.9  # of the similarity is left to who was not found in the image before


@dataclass
class _Track:
    """A person that is followed."""

    id: int
    time: float
    seen: np.ndarray
    area: float
    tag: np.ndarray | None
    smooth: OneEuroFilter = field(repr=False)


class PoseTracker:
    """Gives people of successive results stable ids and smooth keypoints.

    Whoever is followed moves on at their speed; people found are assigned to those followed so that
    the sum of their similarities is largest. A similarity is COCO's object keypoint similarity,
    less where the tags differ: an associative embedding says who somebody is within an image, and
    changes slowly from one to the next.

    Example::

        tracker = PoseTracker()
        for time, image in frames:
            result = tracker(estimator(image), time)
            print(result.ids)

    Args:
        min_similarity: Least similarity, 0 to 1, of the same person.
        tag_weight: Share of a similarity, 0 to 1, that tags decide; 0: they do not count.
        tag_spread: Difference of tags that halves their share, about.
        max_age: Seconds after which somebody who is not found is forgotten. Ids do not come back.
        smoothing: Whether keypoints are smoothed; ids need no smoothing.
        min_cutoff: See :class:`OneEuroFilter`; Hz.
        beta: See :class:`OneEuroFilter`; a unit of length is the person's size.

    Raises:
        LitePoseError: A number is out of its range.
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
        OneEuroFilter(**self._filter_options)  # looks at the numbers
        self._tracks: list[_Track] = []
        self._next_id = 0
        self._time = -np.inf
        self._seen_of: tuple | None = None

    def __call__(self, result: PoseResult, time: float) -> PoseResult:
        """Takes the people of the next image.

        Args:
            result: The people found. An image of another size, or other keypoints, begins anew.
            time: Seconds, later than that of the image before.

        Returns:
            The same people in the same order, with ids, and smoothed where they are found.

        Raises:
            LitePoseError: Time does not go on, or the skeleton has no sigmas.
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
        followed: list[_Track | None] = [None] * len(result)
        for track, person in self._pairs(result, seen, time, sigmas):
            followed[person] = track
        for person, track in enumerate(followed):
            if track is None:
                track = self._begin()
                followed[person] = track
            # few keypoints make a small box, but nobody shrinks in a moment
            track.area = max(float(areas[person]), _SHRINKS * track.area)
            smooth = track.smooth(
                result.keypoints[person], time, seen[person], float(np.sqrt(track.area))
            )
            if self.smoothing:
                keypoints[person] = smooth
            track.time, track.seen = time, seen[person]
            track.tag = None if result.tags is None else result.tags[person]
        return replace(result, keypoints=keypoints, ids=[track.id for track in followed])

    def _begin(self) -> _Track:
        track = _Track(
            self._next_id, self._time, np.zeros(0), 1.0, None, OneEuroFilter(**self._filter_options)
        )
        self._tracks.append(track)
        self._next_id += 1
        return track

    def _pairs(self, result: PoseResult, seen: np.ndarray, time: float, sigmas: np.ndarray):
        """Who is followed already, and which person that is."""
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
        # two that are nobody's must not outweigh one that is somebody's
        similarity[similarity < self.min_similarity] = 0
        # a doubled person must not change between two tracks for ever
        times = np.array([track.time for track in tracks])
        similarity[times < times.max()] *= _MISSED
        for index, person in zip(*linear_sum_assignment(-similarity)):
            if similarity[index, person]:
                yield tracks[index], person
