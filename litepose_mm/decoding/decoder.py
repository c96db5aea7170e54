"""Decode heatmaps and tag maps into people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import numpy as np

from ..errors import LitePoseError
from .base import BROKEN_OUTPUTS, DecodedPeople
from .bilinear import BilinearMaps, is_finite
from .compiled import find_missing, find_peaks, group_by_tags, quarter_offsets, read_at
from .grouping import Candidates, Groups, are_comparable, default_keypoint_order
from .refine import mean_person_tags

_RULES = {
    'offset': ('litepose', 'mmpose', 'none', 'udp'),
    'missing': ('litepose', 'mmpose', 'none'),
    'limit': ('litepose', 'mmpose'),
}


class AssociativeEmbeddingDecoder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Decodes heatmaps and tag maps into people.

    The defaults are the authors' (LitePose, as in HigherHRNet's ``HeatmapParser`` with
    ``adjust`` and ``refine``). For each rule, MMPose 1.x's variant is available as an option.

    Args:
        num_keypoints: ``K``.
        keypoint_order: The order of grouping, a permutation of ``range(K)``. The authors' order
            by default.
        nms_kernel: Side of the neighbourhood in which a peak must be the maximum, odd, in pixels
            of the input.
        top_k: Maximum number of candidates per keypoint.
        keypoint_threshold: Candidates have a heatmap value above it.
        tag_threshold: Tags closer than this belong together.
        max_people: See ``limit``; None means no limit.
        offset: ``'litepose'``: the pixel's centre plus a quarter pixel toward the larger
            neighbour, backwards on ties; ``'mmpose'``: no quarter on ties and at the border;
            ``'udp'``: like ``'litepose'``, but the first pixel's centre is at 0 instead of 0.5, for
            networks trained with targets of that rule; ``'none'``: whole pixels.
        missing: How a keypoint that a person lacks is placed where its heatmap is high and its tag
            is close. ``'litepose'``: only if the heatmap is positive there; ``'mmpose'``: always,
            the tag weighs 100 times as much, and the position is a whole pixel; ``'none'``: such
            keypoints stay missing.
        limit: ``'litepose'``: candidates join only the first ``max_people`` people, but there
            may be more people; ``'mmpose'``: they join any person, and the first ``max_people``
            are kept.
        keep_best: Number of people with the highest scores to keep; missing keypoints are searched
            for these only. Evaluations that count no more people per image (COCO's: 20) give the
            same result, while networks with many false people are decoded in a fraction of the
            time. None means all.
    """

    num_keypoints: int
    keypoint_order: Sequence[int] | None = None
    nms_kernel: int = 5
    top_k: int = 30
    keypoint_threshold: float = 0.1
    tag_threshold: float = 1.0
    max_people: int | None = 30
    offset: str = 'litepose'
    missing: str = 'litepose'
    limit: str = 'litepose'
    keep_best: int | None = None

    def __post_init__(self) -> None:
        order = self.keypoint_order
        order = default_keypoint_order(self.num_keypoints) if order is None else order
        keypoint_order = tuple(int(index) for index in order)
        msgspec.structs.force_setattr(self, 'keypoint_order', keypoint_order)
        if sorted(keypoint_order) != list(range(self.num_keypoints)):
            raise LitePoseError(
                f'keypoint_order must hold each of 0..{self.num_keypoints - 1} once, '
                f'got {list(keypoint_order)}'
            )
        for name, fits, expected in (
            ('nms_kernel', self.nms_kernel >= 1 and self.nms_kernel % 2 == 1, 'odd and positive'),
            ('top_k', self.top_k >= 1, 'at least 1'),
            ('max_people', self.max_people is None or self.max_people >= 1, 'at least 1, or None'),
            ('keep_best', self.keep_best is None or self.keep_best >= 1, 'at least 1, or None'),
            ('keypoint_threshold', 0 <= self.keypoint_threshold < math.inf, 'at least 0'),
            ('tag_threshold', 0 < self.tag_threshold < math.inf, 'above 0'),
        ):
            if not fits:
                raise LitePoseError(f'{name} must be {expected}, got {getattr(self, name)}')
        for rule, choices in _RULES.items():
            if getattr(self, rule) not in choices:
                raise LitePoseError(
                    f'{rule} must be one of {", ".join(choices)}, got {getattr(self, rule)!r}'
                )

    def decode(
        self, heatmaps: np.ndarray, tags: np.ndarray, decode_hw: tuple[int, ...] | None = None
    ) -> DecodedPeople:
        """Finds the people of one image.

        Args:
            heatmaps: Float32, shape ``(K, h, w)``.
            tags: Float32, shape ``(L * K, h', w')``, keypoints fastest. Smaller tag maps are
                interpolated to the heatmaps' size first, then to ``decode_hw``, as the authors do.
            decode_hw: Height and width at which people are searched for, usually those of the
                input. The heatmaps' own by default.

        Returns:
            The people, with positions in pixels at ``decode_hw``.
        """
        for name, maps in (('heatmaps', heatmaps), ('tags', tags)):
            if not isinstance(maps, np.ndarray) or maps.ndim != 3:
                raise LitePoseError(
                    f'{name} must be a numpy array (C, h, w), got {type(maps).__name__} '
                    f'{tuple(getattr(maps, "shape", ()))}'
                )
        num_tags, rest = divmod(tags.shape[0], self.num_keypoints)
        if heatmaps.shape[0] != self.num_keypoints or rest or not num_tags:
            raise LitePoseError(
                f'expected {self.num_keypoints} heatmaps and a multiple of as many tag maps, '
                f'got {heatmaps.shape[0]} and {tags.shape[0]}'
            )
        if not is_finite(tags):
            raise LitePoseError(BROKEN_OUTPUTS)
        decode_hw = heatmaps.shape[1:] if decode_hw is None else tuple(decode_hw)
        heatmap_view = BilinearMaps(heatmaps, decode_hw)
        tag_view = BilinearMaps(tags, heatmaps.shape[1:])
        if decode_hw != heatmaps.shape[1:]:
            tag_view = BilinearMaps(tag_view, decode_hw)

        groups = self._best(self._group(heatmap_view, tag_view))
        return self._refine(groups, heatmap_view, tag_view)

    def _group(self, heatmaps: BilinearMaps, tags: BilinearMaps) -> Groups:
        peaks = find_peaks(heatmaps, self.keypoint_threshold, self.nms_kernel, self.top_k)
        tag_dim = tags.shape[0] // self.num_keypoints
        keypoint = np.repeat(np.arange(self.num_keypoints), [len(p.values) for p in peaks])
        values, y, x = (np.concatenate(parts) for parts in zip(*peaks))
        channel = keypoint + self.num_keypoints * np.arange(tag_dim)[:, None]
        peak_tags = read_at(tags, channel, y, x).T
        if not are_comparable(peak_tags):
            raise LitePoseError(BROKEN_OUTPUTS)
        parts = values, peak_tags, np.stack([x, y], axis=-1)
        bounds = np.searchsorted(keypoint, np.arange(self.num_keypoints + 1)).tolist()
        candidates = [
            Candidates(*(part[first:last] for part in parts)) for first, last in pairwise(bounds)
        ]
        return self.group(candidates)

    def group(self, candidates: Sequence[Candidates]) -> Groups:
        """Groups the candidates of each of the ``K`` keypoints; see :func:`group_by_tags`."""
        groups = group_by_tags(
            candidates,
            self.keypoint_order or (),  # __post_init__ has replaced None
            self.tag_threshold,
            self.max_people if self.limit == 'litepose' else None,
        )
        if self.limit == 'mmpose':
            groups = Groups(*(part[: self.max_people] for part in groups))
        return groups

    def _best(self, groups: Groups) -> Groups:
        """Returns the best groups, in the order in which they were found."""
        if self.keep_best is None or len(groups.values) <= self.keep_best:
            return groups
        best = np.argsort(-groups.values.mean(1), kind='stable')[: self.keep_best]
        return Groups(*(part[np.sort(best)] for part in groups))

    def _refine(self, groups: Groups, heatmaps: BilinearMaps, tags: BilinearMaps) -> DecodedPeople:
        keypoints, values = groups.positions.copy(), groups.values.copy()
        scores = values.mean(1) if len(values) else np.zeros(0, dtype=np.float32)
        present = values > 0
        person_tags = mean_person_tags(groups.tags, present)
        ties_to_zero = self.offset == 'mmpose'
        first_centre = np.float32(0 if self.offset == 'udp' else 0.5)

        if self.offset != 'none':
            keypoint = np.nonzero(present)[1]
            x, y = groups.positions[present].astype(np.int64).T
            keypoints[present] += first_centre + quarter_offsets(
                heatmaps, keypoint, y, x, ties_to_zero
            )

        if self.missing != 'none':
            person, keypoint = np.nonzero(~present)
            authors = self.missing == 'litepose'
            found = find_missing(
                heatmaps, tags, keypoint, person_tags[person], 1.0 if authors else 100.0
            )
            place = np.stack([found.x, found.y], axis=-1).astype(np.float32)
            if authors:
                place += first_centre + quarter_offsets(heatmaps, keypoint, found.y, found.x)
                keep = found.value > 0
                person, keypoint, place = person[keep], keypoint[keep], place[keep]
                found = found._replace(value=found.value[keep])
            keypoints[person, keypoint] = place
            values[person, keypoint] = found.value
        return DecodedPeople(keypoints, values, scores, person_tags)
