"""Decode a batch, with positions in pixels of the network's input."""

from __future__ import annotations

import numpy as np

from .base import DecodedPeople
from .decoder import AssociativeEmbeddingDecoder


def decode_batch(
    decoder: AssociativeEmbeddingDecoder,
    heatmaps: np.ndarray,
    tags: np.ndarray,
    decode_hw: tuple[int, ...] | None = None,
    input_hw: tuple[int, ...] | None = None,
) -> list[DecodedPeople]:
    """Finds the people of each image of a batch.

    Args:
        decoder: The rules of decoding.
        heatmaps: Float32 ``(B, K, h, w)``.
        tags: Float32 ``(B, L * K, h', w')``, keypoints fastest.
        decode_hw: Height and width at which people are searched for, through lazy interpolation.
            The heatmaps' own by default.
        input_hw: Height and width of the network's input, in whose pixels positions are returned.
            ``decode_hw`` by default.

    Returns:
        The people of each image, with positions in pixels at ``input_hw``.

    Raises:
        LitePoseError: The maps do not fit the decoder, or are not finite.
    """
    decode_hw = heatmaps.shape[2:] if decode_hw is None else decode_hw
    people = (decoder.decode(*maps, decode_hw=decode_hw) for maps in zip(heatmaps, tags))
    if input_hw is None:
        return list(people)
    return [to_input_pixels(decoder, found, decode_hw, input_hw) for found in people]


def missing_at_zero(keypoints: np.ndarray, keypoint_scores: np.ndarray) -> np.ndarray:
    """Moves missing keypoints back to ``(0, 0)``.

    Mapping positions from the input to the original image also moves ``(0, 0)``, by which viewers
    recognise missing keypoints.

    Args:
        keypoints: Positions in pixels of the original image, ``(N, K, 2)``.
        keypoint_scores: ``(N, K)``; 0 where missing.
    """
    return np.where(keypoint_scores[..., None] == 0, 0, keypoints).astype(keypoints.dtype)


def to_input_pixels(
    decoder: AssociativeEmbeddingDecoder,
    people: DecodedPeople,
    decode_hw: tuple[int, ...],
    input_hw: tuple[int, ...],
) -> DecodedPeople:
    """Converts positions from pixels of the maps to pixels of the input.

    Args:
        decoder: The rules by which the people were found; their ``offset`` determines whether the
            first pixel of a map begins at 0 or, with ``'udp'``, at -0.5.
        people: Positions in pixels at ``decode_hw``; missing keypoints stay at ``(0, 0)``.
        decode_hw: Height and width at which the people were found.
        input_hw: Height and width of the network's input.
    """
    scale = (np.array(input_hw) / decode_hw)[::-1].astype(np.float32)
    shift = np.float32(0.5 if decoder.offset == 'udp' else 0) * (scale - 1)
    found = (people.keypoint_scores > 0)[..., None]
    return people._replace(keypoints=people.keypoints * scale + shift * found)
