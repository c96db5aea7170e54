"""Connect keypoints to limbs where the fields agree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np

from .keypoints import FoundKeypoints
from .rules import PartAffinityRules

# cv2.remap reads at positions in units of 1/32 pixel.
_UNITS = 32


class Connection(NamedTuple):
    """Two keypoints by their ids, and how well the field between them agrees."""

    start: int
    end: int
    score: float


def connect(
    fields: np.ndarray, keypoints: FoundKeypoints, rules: PartAffinityRules
) -> list[list[Connection]]:
    """Connects keypoints greedily by the fields between them; each end is used once.

    Args:
        fields: Float32 ``(2 * L, h, w)``.
        keypoints: The keypoints.
        rules: How limbs are accepted.

    Returns:
        The connections of each limb, best first, in the order of ``rules.body.limbs``.
    """
    first = np.searchsorted(keypoints.part, np.arange(rules.body.num_parts + 1))
    pairs = []
    for limb in rules.body.limbs:
        starts, ends = (np.arange(*first[index : index + 2]) for index in (limb.start, limb.end))
        pairs.append(np.stack([np.tile(starts, len(ends)), np.repeat(ends, len(starts))]))
    bounds = np.cumsum([0, *(each.shape[1] for each in pairs)])
    start, end = np.concatenate(pairs, axis=1)
    scores, accepted = _agreement(fields, keypoints, rules, start, end, bounds)
    connections = []
    for low, high in zip(bounds, bounds[1:]):
        own = low + np.flatnonzero(accepted[low:high])
        own = own[np.argsort(-scores[own], kind='stable')]
        values = (each[own].tolist() for each in (start, end, scores))
        connections.append(_greedy(map(Connection, *values)))
    return connections


def _agreement(
    fields: np.ndarray,
    keypoints: FoundKeypoints,
    rules: PartAffinityRules,
    start: np.ndarray,
    end: np.ndarray,
    bounds: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns each pair's mean agreement where the field agrees, and whether it is accepted."""
    places = np.stack([keypoints.x, keypoints.y]).astype(np.float32)
    origin, apart = places[:, start], places[:, end] - places[:, start]
    along = np.arange(rules.samples, dtype=np.float32) / np.float32(rules.samples - 1)
    points = np.rint(origin[..., None] + apart[..., None] * along).astype(np.int32)
    values = _read_cubic(fields, points, rules, bounds)
    length = np.maximum(np.sqrt((apart**2).sum(axis=0)), 1)
    agreement = np.einsum('cps,cp->ps', values, apart / length)
    agrees = agreement > rules.field_threshold
    count = agrees.sum(axis=1)
    scores = np.where(agrees, agreement, 0).sum(axis=1) / np.maximum(count, 1)
    return scores, count > rules.min_success * rules.samples


def _read_cubic(
    fields: np.ndarray, points: np.ndarray, rules: PartAffinityRules, bounds: np.ndarray
) -> np.ndarray:
    """Returns the values ``(2, N, S)`` of enlarged fields at points, without enlarging them.

    Args:
        fields: Float32 ``(2 * L, h, w)``.
        points: Columns and rows in the enlarged fields, int ``(2, N, S)``.
        rules: The limbs and the factor, by which 32 is divisible.
        bounds: The first pair of each limb, and the end.
    """
    unit = _UNITS // rules.upsample
    # The centre of pixel v is at (v + 0.5) / upsample - 0.5 in the fields.
    x, y = points * unit + (unit - _UNITS) // 2
    pixels = np.stack([x // _UNITS, y // _UNITS], axis=-1).astype(np.int16)
    fractions = (y % _UNITS * _UNITS + x % _UNITS).astype(np.uint16)
    values = np.empty(points.shape, dtype=np.float32)
    for limb, low, high in zip(rules.body.limbs, bounds, bounds[1:]):
        if low == high:
            continue
        for axis in range(2):
            values[axis, low:high] = cv2.remap(
                fields[2 * limb.field + axis],
                pixels[low:high],
                fractions[low:high],
                cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_REPLICATE,
            )
    return values


def _greedy(pairs: Iterable[Connection]) -> list[Connection]:
    used: set[int] = set()  # ids of different parts differ
    chosen = []
    for own in pairs:
        if used.isdisjoint((own.start, own.end)):
            used.update((own.start, own.end))
            chosen.append(own)
    return chosen
