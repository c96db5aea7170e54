"""People from the candidates that a network picked by itself, without whole maps."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from ..errors import LitePoseError
from .base import BROKEN_OUTPUTS, DecodedPeople
from .decoder import AssociativeEmbeddingDecoder
from .grouping import Candidates
from .refine import mean_person_tags


def check_decodes_candidates(decoder: AssociativeEmbeddingDecoder) -> None:
    """Refuses rules that need whole maps.

    Raises:
        LitePoseError: The decoder searches missing keypoints, or has MMPose's offset, which
            depends on values of the maps that candidates do not carry.
    """
    if decoder.missing != 'none':
        raise LitePoseError(
            'candidates: missing keypoints can be searched in whole maps only, got '
            f"missing={decoder.missing!r}; take missing='none', or export the outputs 'maps'"
        )
    if decoder.offset == 'mmpose':
        raise LitePoseError(
            "candidates: expected the offset 'litepose', 'udp' or 'none', got 'mmpose', which "
            "needs whole maps; export the outputs 'maps'"
        )


def for_candidates(decoder: AssociativeEmbeddingDecoder) -> AssociativeEmbeddingDecoder:
    """The decoder for candidates of a network: keypoints that a person lacks stay missing.

    Raises:
        LitePoseError: It has MMPose's offset, see :func:`check_decodes_candidates`.
    """
    decoder = replace(decoder, missing='none')
    check_decodes_candidates(decoder)
    return decoder


def decode_candidates(
    decoder: AssociativeEmbeddingDecoder,
    values: np.ndarray,
    positions: np.ndarray,
    tags: np.ndarray,
) -> DecodedPeople:
    """Groups the candidates of one image.

    The result is that of :meth:`AssociativeEmbeddingDecoder.decode` with ``missing='none'`` at the
    size of the maps that the network looked at. Keypoints that a person lacks stay missing. A
    candidate's position has no part in the grouping, whose distances are float64, so float32
    positions lose nothing: quarters of a pixel are exact.

    Args:
        decoder: Its threshold, order, tags' distance and limits count; the network did the rest.
        values: Heatmap values ``(K, M)``, best first, those at or below the threshold included.
        positions: x and y ``(K, M, 2)`` in whole pixels of the maps plus the authors' quarter
            offset, each -0.25 or 0.25.
        tags: ``(K, M, L)``.

    Returns:
        The people, positions in pixels of the maps.

    Raises:
        LitePoseError: The decoder needs whole maps, shapes do not fit, or values are not finite.
    """
    check_decodes_candidates(decoder)
    joints = decoder.num_keypoints
    fits = (
        values.ndim == 2
        and len(values) == joints
        and positions.shape == (*values.shape, 2)
        and tags.shape[:-1] == values.shape
    )
    if not fits:
        raise LitePoseError(
            f'expected candidates ({joints}, M), their positions ({joints}, M, 2) and tags '
            f'({joints}, M, L), got {values.shape}, {positions.shape} and {tags.shape}'
        )
    candidates = []
    for value, position, tag in zip(values, positions, tags):
        # As find_peaks compares.
        best = np.flatnonzero(~(value.astype(np.float64) <= decoder.keypoint_threshold))
        best = best[: decoder.top_k]
        candidates.append(Candidates(value[best], tag[best], position[best]))
    if not all(np.isfinite(part).all() for each in candidates for part in each):
        raise LitePoseError(BROKEN_OUTPUTS)

    groups = decoder.group(candidates)
    present = groups.values > 0
    keypoints = groups.positions
    if decoder.offset == 'none':
        keypoints = np.rint(keypoints)  # takes the quarter back
    elif decoder.offset == 'litepose':
        keypoints = keypoints + np.float32(0.5) * present[..., None]
    scores = groups.values.mean(1) if len(present) else np.zeros(0, dtype=np.float32)
    return DecodedPeople(keypoints, groups.values, scores, mean_person_tags(groups.tags, present))
