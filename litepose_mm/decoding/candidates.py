"""Group candidates that the network's graph has picked, without whole maps."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace

from ..errors import LitePoseError
from .base import BROKEN_OUTPUTS, DecodedPeople
from .decoder import AssociativeEmbeddingDecoder
from .grouping import Candidates, are_comparable
from .refine import mean_person_tags


def check_decodes_candidates(decoder: AssociativeEmbeddingDecoder) -> None:
    """Rejects rules that need whole maps.

    Raises:
        LitePoseError: The decoder searches for missing keypoints, or uses MMPose's offset, which
            depends on map values that candidates do not include.
    """
    if decoder.missing != 'none':
        raise LitePoseError(
            "candidates: expected missing='none', because missing keypoints can only be searched "
            f'for in whole maps, got missing={decoder.missing!r}; change it, or export with '
            "outputs 'maps'"
        )
    if decoder.offset == 'mmpose':
        raise LitePoseError(
            "candidates: expected the offset 'litepose', 'udp' or 'none', got 'mmpose', which "
            "needs whole maps; export with outputs 'maps'"
        )


def for_candidates(decoder: AssociativeEmbeddingDecoder) -> AssociativeEmbeddingDecoder:
    """Returns the rules adapted to candidates: keypoints that a person lacks stay missing.

    Raises:
        LitePoseError: The rules use MMPose's offset, see :func:`check_decodes_candidates`.
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

    The result equals that of :meth:`AssociativeEmbeddingDecoder.decode` with ``missing='none'`` at
    the resolution of the maps in the graph. Float32 positions lose nothing: quarters of a pixel
    are exact, and positions play no part in the grouping.

    Args:
        decoder: Its thresholds, order and limits apply; the graph has done the rest.
        values: Heatmap values ``(K, M)``, best first, including those at or below the threshold.
        positions: x and y ``(K, M, 2)`` in whole pixels of the maps plus the authors' quarter
            offset, each -0.25 or 0.25.
        tags: ``(K, M, L)``.

    Returns:
        The people, with positions in pixels of the maps.

    Raises:
        LitePoseError: The decoder needs whole maps, the shapes are wrong, or values are not finite.
    """
    check_decodes_candidates(decoder)
    num_keypoints = decoder.num_keypoints
    fits = (
        values.ndim == 2
        and len(values) == num_keypoints
        and positions.shape == (*values.shape, 2)
        and tags.shape[:-1] == values.shape
    )
    if not fits:
        raise LitePoseError(
            f'expected candidates ({num_keypoints}, M), their positions ({num_keypoints}, M, 2) '
            f'and tags ({num_keypoints}, M, L), got {values.shape}, {positions.shape} and '
            f'{tags.shape}'
        )
    candidates = []
    for value, position, tag in zip(values, positions, tags):
        # The same comparison as in find_peaks.
        best = np.flatnonzero(~(value.astype(np.float64) <= decoder.keypoint_threshold))
        best = best[: decoder.top_k]
        candidates.append(Candidates(value[best], tag[best], position[best]))
    if not all(are_comparable(own.tags) and np.isfinite(own.values).all() for own in candidates):
        raise LitePoseError(BROKEN_OUTPUTS)

    groups = decoder.group(candidates)
    present = groups.values > 0
    keypoints = groups.positions
    if decoder.offset == 'none':
        keypoints = np.rint(keypoints)  # removes the quarter offset
    elif decoder.offset == 'litepose':
        keypoints = keypoints + np.float32(0.5) * present[..., None]
    scores = groups.values.mean(1) if len(present) else np.zeros(0, dtype=np.float32)
    return DecodedPeople(keypoints, groups.values, scores, mean_person_tags(groups.tags, present))
