"""People of a batch in pixels of the network's input, whatever size they were looked for at."""

from __future__ import annotations

import numpy as np

from .base import DecodedPeople
from .decoder import AssociativeEmbeddingDecoder


def decode_batch(
    decoder: AssociativeEmbeddingDecoder,
    heatmaps: np.ndarray,
    tags: np.ndarray,
    size: tuple[int, int] | None = None,
    input_size: tuple[int, int] | None = None,
) -> list[DecodedPeople]:
    """Finds the people of each image of a batch.

    Args:
        decoder: What looks for people.
        heatmaps: Float32 ``(B, K, h, w)``.
        tags: Float32 ``(B, L * K, h', w')``, keypoints fastest.
        size: Height and width at which people are looked for, through interpolation that is
            evaluated only where it is needed. The heatmaps' own size by default.
        input_size: Height and width of the network's input, in whose pixels positions are given.
            ``size`` by default.

    Returns:
        The people of each image, positions in pixels of ``input_size``.

    Raises:
        LitePoseError: Maps do not fit the decoder, or are not finite.
    """
    size = tuple(heatmaps.shape[2:]) if size is None else tuple(size)
    people = (decoder.decode(*maps, size=size) for maps in zip(heatmaps, tags))
    if input_size is None:
        return list(people)
    return [to_input_pixels(decoder, found, size, input_size) for found in people]


def missing_at_zero(keypoints: np.ndarray, keypoint_scores: np.ndarray) -> np.ndarray:
    """Keypoints in pixels of the original image, with those that are missing at ``(0, 0)`` again.

    On its way from the input, ``(0, 0)`` becomes another place in every image; viewers leave out
    ``(0, 0)``.

    Args:
        keypoints: ``(N, K, 2)``.
        keypoint_scores: ``(N, K)``; 0 where missing.
    """
    return np.where(keypoint_scores[..., None] == 0, 0, keypoints).astype(keypoints.dtype)


def to_input_pixels(
    decoder: AssociativeEmbeddingDecoder,
    people: DecodedPeople,
    size: tuple[int, int],
    input_size: tuple[int, int],
) -> DecodedPeople:
    """Positions in pixels of maps of ``size`` as pixels of the input.

    Args:
        decoder: What found the people; by its ``offset`` the first pixel of a map begins at 0, or
            at -0.5 with ``'udp'``.
        people: Positions in pixels of ``size``; missing keypoints stay at ``(0, 0)``.
        size: Height and width of the maps.
        input_size: Height and width of the network's input.
    """
    scale = (np.array(input_size) / size)[::-1].astype(np.float32)
    shift = np.float32(0.5 if decoder.offset == 'udp' else 0) * (scale - 1)
    found = (people.keypoint_scores > 0)[..., None]
    return people._replace(keypoints=people.keypoints * scale + shift * found)
