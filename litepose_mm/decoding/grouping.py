"""Group candidates into people by their tags (associative embedding)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from .assignment import assign

# The order in which the authors add keypoints to people: head, shoulders, hips, then limbs.
_AUTHORS_ORDER = (0, 1, 2, 3, 4, 5, 6, 11, 12, 7, 8, 9, 10, 13, 14, 15, 16)


class Candidates(NamedTuple):
    """Candidates of one keypoint: values ``(M,)``, tags ``(M, L)``, positions x, y ``(M, 2)``."""

    values: np.ndarray
    tags: np.ndarray
    positions: np.ndarray


class Groups(NamedTuple):
    """People: positions ``(N, K, 2)``, values ``(N, K)`` (0: missing), tags ``(N, K, L)``."""

    positions: np.ndarray
    values: np.ndarray
    tags: np.ndarray


def are_comparable(tags: np.ndarray) -> bool:
    """Whether tags are numbers whose distances can be added up 100 times."""
    return bool((np.abs(tags) < 1e15).all())


def empty_groups(num_people: int, num_keypoints: int, tag_dim: int) -> Groups:
    """Returns people without keypoints."""
    shape = (num_people, num_keypoints)
    return Groups(*(np.zeros(own, np.float32) for own in ((*shape, 2), shape, (*shape, tag_dim))))


def default_keypoint_order(num_keypoints: int) -> Sequence[int]:
    """Returns the authors' order for 14 and 17 keypoints, continued by index for other numbers."""
    head = [index for index in _AUTHORS_ORDER if index < num_keypoints]
    return head + list(range(len(_AUTHORS_ORDER), num_keypoints))


def group_by_tags(
    candidates: Sequence[Candidates],
    keypoint_order: Sequence[int],
    tag_threshold: float = 1.0,
    max_match: int | None = None,
) -> Groups:
    """Groups candidates into people, keypoint by keypoint.

    Each keypoint's candidates are assigned to the people found so far by the distance between
    the candidate's tag and the mean tag of the person; a candidate at ``tag_threshold`` or more
    starts a new person (LitePose section 2, HigherHRNet ``match_by_tag``).

    Args:
        candidates: One entry per keypoint, only with candidates above the detection threshold.
        keypoint_order: The order of the keypoints, a permutation.
        tag_threshold: Maximum tag distance, exclusive.
        max_match: Later candidates only join the first ``max_match`` people (the authors'
            ``max_num_people``, which does not limit the number of people). None means all.

    Returns:
        The people in the order in which they were found.
    """
    num_keypoints = len(candidates)
    tag_dim = candidates[0].tags.shape[1] if num_keypoints else 0
    capacity = sum(len(c.values) for c in candidates)
    positions, values, tags = empty_groups(capacity, num_keypoints, tag_dim)
    tag_sum = np.zeros((capacity, tag_dim), dtype=np.float32)
    tag_count = np.zeros((capacity, 1), dtype=np.float32)
    # The authors key people by their first tag, so candidates with exactly the same tag belong to
    # the same person.
    person_of_tag: dict[float, int] = {}

    for keypoint in keypoint_order:
        found = candidates[keypoint]
        if len(found.values) == 0:
            continue
        num_people = len(person_of_tag)
        if max_match is not None:
            num_people = min(num_people, max_match)
        if num_people:
            mean_tag = tag_sum[:num_people] / tag_count[:num_people]
            difference = found.tags.astype(np.float64).T[..., None] - mean_tag.T[:, None]
            # One tag after another: a sum over an axis could round in another order.
            distance = np.sqrt(reduce(np.add, difference * difference))
            people = assign(distance, found.values.astype(np.float64), tag_threshold)
        else:
            people = np.full(len(found.values), -1)

        if (people >= 0).all():
            tag_sum[people] += found.tags
            tag_count[people] += 1
        else:
            for index, (person, tag) in enumerate(zip(people.tolist(), found.tags)):
                if person < 0:
                    people[index] = person = person_of_tag.setdefault(
                        float(tag[0]), len(person_of_tag)
                    )
                    tag_sum[person] = tag
                    tag_count[person] = 1
                else:
                    tag_sum[person] += tag
                    tag_count[person] += 1
        # If a person has several candidates, the last one counts.
        positions[people, keypoint] = found.positions
        values[people, keypoint] = found.values
        tags[people, keypoint] = found.tags

    num_people = len(person_of_tag)
    return Groups(positions[:num_people], values[:num_people], tags[:num_people])
