"""Assemble people from connections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .keypoints import FoundKeypoints
from .limbs import Connection
from .rules import PartAffinityRules


class Poses(NamedTuple):
    """The ``M`` people.

    Attributes:
        ids: For each part, the id of the keypoint, or -1; ``(M, P)``.
        scores: Sum of the scores of keypoints and connections, ``(M,)``.
        counts: Number of the keypoints in the sum, ``(M,)``.
    """

    ids: np.ndarray
    scores: np.ndarray
    counts: np.ndarray


def assemble(
    connections: Sequence[Sequence[Connection]], keypoints: FoundKeypoints, rules: PartAffinityRules
) -> Poses:
    """Assembles people limb by limb.

    A connection extends every person who has its start; without one, it begins a person. People
    are never merged. Limbs that only fill add the end that a person lacks, without a score.

    Args:
        connections: The connections of each limb, from :func:`connect`.
        keypoints: The keypoints, whose ids the connections have.
        rules: The limbs, and who counts as a person.
    """
    values = keypoints.scores.tolist()
    people: list[list[int]] = []
    scores: list[float] = []
    counts: list[int] = []
    for limb, found in zip(rules.body.limbs, connections):
        for start, end, score in found:
            if limb.only_fills:
                for ids in people:
                    if ids[limb.start] == start and ids[limb.end] == -1:
                        ids[limb.end] = end
                    elif ids[limb.end] == end and ids[limb.start] == -1:
                        ids[limb.start] = start
                continue
            extended = [index for index, ids in enumerate(people) if ids[limb.start] == start]
            for index in extended:
                people[index][limb.end] = end
                scores[index] += values[end] + score
                counts[index] += 1
            if not extended:
                ids = [-1] * rules.body.num_parts
                ids[limb.start], ids[limb.end] = start, end
                people.append(ids)
                scores.append(values[start] + values[end] + score)
                counts.append(2)
    total, number = np.array(scores, dtype=np.float64), np.array(counts, dtype=np.int64)
    mean = total / np.maximum(number, 1)
    enough = (number >= rules.min_keypoints) & (mean >= rules.min_mean_score)
    parts = np.array(people, dtype=np.int64).reshape(-1, rules.body.num_parts)
    return Poses(parts[enough], total[enough], number[enough])
