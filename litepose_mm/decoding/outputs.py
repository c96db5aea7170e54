"""From a network's outputs, whichever runtime gave them, to people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import LitePoseError
from ..resize import Box
from .borders import has_border, hide_borders
from .candidates import decode_candidates
from .decoder import AssociativeEmbeddingDecoder, DecodedPeople
from .input_pixels import decode_batch, to_input_pixels


def decode_outputs(
    decoder: AssociativeEmbeddingDecoder,
    outputs: Sequence[np.ndarray],
    boxes: Sequence[Box | None],
    stride: int,
    input_size: tuple[int, int],
    restore_heatmap_size: bool,
) -> list[DecodedPeople]:
    """Finds the people of each input.

    Args:
        decoder: What looks for people.
        outputs: Heatmaps ``(B, K, h, w)`` and tags, or the values ``(B, K, M)``, positions and tags
            of candidates.
        boxes: What of each input counts, see :class:`litepose_mm.resize.Resized`.
        stride: Of the finest level.
        input_size: Height and width of the inputs.
        restore_heatmap_size: Whether people are looked for at the size of the inputs; not with
            candidates.

    Returns:
        The people of each input, positions in its pixels.

    Raises:
        LitePoseError: The outputs do not fit the decoder or are not finite, or candidates are of
            an input with a border: peaks in it took places of the ``M``, so people are lost.
    """
    if outputs[0].ndim == 4:
        heatmaps, tags = outputs
        heatmaps = hide_borders(heatmaps, boxes, input_size)
        look_at = input_size if restore_heatmap_size else None
        return decode_batch(decoder, heatmaps, tags, look_at, input_size)
    size = tuple(side // stride for side in input_size)
    if any(has_border(box, size, input_size) for box in boxes):
        raise LitePoseError(
            'a model with candidates: expected pictures that fill its input of '
            f'{input_size[1]}x{input_size[0]}, got one that needs a black border, where peaks take '
            "the places of people's; give it inputs of the pictures' shape, crop pictures to that "
            "shape, or export the outputs 'maps'"
        )
    people = (decode_candidates(decoder, *each) for each in zip(*outputs))
    return [to_input_pixels(decoder, found, size, input_size) for found in people]
