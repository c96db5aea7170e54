"""Bodies: which parts have heatmaps, which limbs join them, and how keypoints become parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from ...errors import LitePoseError
from ...utils.tagged import Positive


class Limb(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Two parts that a field joins.

    Args:
        start: Index of the part from which the field points.
        end: Index of the part to which it points.
        field: Index of the field, which has the channels ``2 * field`` (x) and ``2 * field + 1``.
        only_fills: Whether the limb only adds a missing end to people, without a score.
    """

    start: int
    end: int
    field: int
    only_fills: bool = False


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parts of a body, each with a heatmap, and its limbs, each with a field.

    Args:
        num_keypoints: Number of the data set's keypoints, ``K``.
        parts: For each of ``P`` parts, the keypoints whose mean it is. Each keypoint needs a part
            of its own; further parts are computed, like OpenPose's neck between the shoulders.
        limbs: The limbs in the order in which people are assembled.

    Raises:
        LitePoseError: The values contradict each other.
    """

    num_keypoints: Positive
    parts: tuple[tuple[int, ...], ...]
    limbs: tuple[Limb, ...]

    def __post_init__(self) -> None:
        count = self.num_keypoints
        alone = sorted(part[0] for part in self.parts if len(part) == 1)
        if alone != list(range(count)) or not all(
            part and all(0 <= index < count for index in part) for part in self.parts
        ):
            raise LitePoseError(
                f'body: parts: expected each of the keypoints 0 to {count - 1} as a part of its '
                f'own, and means of them, got {self.parts}'
            )
        ends = [index for limb in self.limbs for index in (limb.start, limb.end)]
        fields = sorted(limb.field for limb in self.limbs)
        if (
            not self.limbs
            or not all(0 <= index < len(self.parts) for index in ends)
            or any(limb.start == limb.end for limb in self.limbs)
            or fields != list(range(len(self.limbs)))
        ):
            raise LitePoseError(
                f'body: limbs: expected pairs of different parts 0 to {len(self.parts) - 1}, and '
                f'each of the fields 0 to {len(self.limbs) - 1} once, got {self.limbs}'
            )

    @property
    def num_parts(self) -> int:
        """Number of parts ``P``."""
        return len(self.parts)

    @property
    def num_heatmaps(self) -> int:
        """Channels of heatmaps: those of the parts, and the background as the last one."""
        return len(self.parts) + 1

    @property
    def num_field_channels(self) -> int:
        """Channels of fields: x and y of each limb."""
        return 2 * len(self.limbs)

    @property
    def keypoint_parts(self) -> list[int]:
        """For each keypoint, the index of its part, ``(K,)``."""
        return [self.parts.index((keypoint,)) for keypoint in range(self.num_keypoints)]

    def flipped_parts(self, flip_indices: Sequence[int]) -> list[int]:
        """Returns, for each part, the index of its mirror partner."""
        partners = [{flip_indices[index] for index in part} for part in self.parts]
        sources = [set(part) for part in self.parts]
        return [sources.index(partner) for partner in partners]

    def flipped_fields(self, flip_indices: Sequence[int]) -> list[int]:
        """Returns, for each field, the index of the field of the mirrored limb."""
        parts = self.flipped_parts(flip_indices)
        fields = {(limb.start, limb.end): limb.field for limb in self.limbs}
        partners = {limb.field: fields[parts[limb.start], parts[limb.end]] for limb in self.limbs}
        return [partners[field] for field in range(len(self.limbs))]

    def part_positions(
        self, keypoints: np.ndarray, visible: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Computes the parts of people from their keypoints.

        Args:
            keypoints: Positions ``(N, K, 2)``.
            visible: Above 0 for labelled keypoints, ``(N, K)``.

        Returns:
            Positions ``(N, P, 2)``, and the smallest ``visible`` of each part's keypoints,
            ``(N, P)``.
        """
        positions = [keypoints[:, list(part)].mean(axis=1) for part in self.parts]
        smallest = [visible[:, list(part)].min(axis=1) for part in self.parts]
        return np.stack(positions, axis=1), np.stack(smallest, axis=1)

    def with_parts_as_keypoints(self) -> Body:
        """Returns the body whose keypoints are all parts, such as OpenPose's 18."""
        count = len(self.parts)
        return Body(count, tuple((index,) for index in range(count)), self.limbs)


def _limbs(*rows: tuple) -> tuple[Limb, ...]:
    return tuple(Limb(*row) for row in rows)


#: Bodies by the name of the data set whose keypoints they have.
BODIES = {
    # OpenPose's 18 parts from COCO's keypoints. The parts are, in order: nose, neck; right
    # shoulder, elbow, wrist; the same at the left; right hip, knee, ankle; left; eyes; ears.
    'coco': Body(
        17,
        (
            *((0,), (5, 6)),
            *((6,), (8,), (10,), (5,), (7,), (9,)),
            *((12,), (14,), (16,), (11,), (13,), (15,)),
            *((2,), (1,), (4,), (3,)),
        ),
        _limbs(
            *((1, 2, 6), (1, 5, 10), (2, 3, 7), (3, 4, 8), (5, 6, 11), (6, 7, 12)),
            *((1, 8, 0), (8, 9, 1), (9, 10, 2), (1, 11, 3), (11, 12, 4), (12, 13, 5)),
            *((1, 0, 14), (0, 14, 15), (14, 16, 17), (0, 15, 16), (15, 17, 18)),
            *((2, 16, 9, True), (5, 17, 13, True)),
        ),
    ),
    # CrowdPose's keypoints are the parts. From the neck to the shoulders, arms, legs and head.
    'crowdpose': Body(
        14,
        tuple((index,) for index in range(14)),
        _limbs(
            *((13, 1, 0), (13, 0, 1), (1, 3, 2), (3, 5, 3), (0, 2, 4), (2, 4, 5)),
            *((13, 7, 6), (7, 9, 7), (9, 11, 8), (13, 6, 9), (6, 8, 10), (8, 10, 11)),
            (13, 12, 12),
        ),
    ),
}


def get_body(source: str | Mapping[str, Any] | Body) -> Body:
    """Returns a body.

    Args:
        source: A name in :data:`BODIES`, the fields of a body as plain values, or a body.

    Raises:
        LitePoseError: The name is unknown, or the values are wrong.
    """
    if isinstance(source, Body):
        return source
    if isinstance(source, str):
        if source not in BODIES:
            raise LitePoseError(
                f'body: expected {", ".join(BODIES)}, or num_keypoints, parts and limbs, got '
                f'{source!r}'
            )
        return BODIES[source]
    try:
        return msgspec.convert(source, Body)
    except msgspec.ValidationError as error:
        raise LitePoseError(f'body: {error}') from error
