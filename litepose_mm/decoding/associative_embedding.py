"""The decoders of associative embedding: of whole maps, and of candidates that the graph picked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import LitePoseError
from ..preprocessing.resize import Box
from .base import DecodedPeople, Decoder, Panel, Positive, Shape
from .borders import has_border, hide_borders
from .candidates import check_decodes_candidates, decode_candidates
from .decoder import AssociativeEmbeddingDecoder
from .input_pixels import decode_batch, to_input_pixels


class AssociativeEmbedding(Decoder, frozen=True, kw_only=True, tag='associative_embedding'):
    """People from heatmaps ``(B, K, h, w)`` and tags ``(B, L * K, h', w')``.

    Args:
        rules: How keypoints are found and grouped.
        stride: Pixels of the input for a pixel of the heatmaps.
        tag_dim: Tags of a keypoint, ``L``: with the mirrored image in the graph, and for each
            level with tags, as many times more.
        restore_heatmap_size: Whether people are looked for at the size of the input, as the
            authors do, or at that of the heatmaps.
    """

    output_names = ('heatmaps', 'tags')
    panel_names = ('heatmaps', 'tags')

    rules: AssociativeEmbeddingDecoder
    stride: Positive
    tag_dim: Positive
    restore_heatmap_size: bool = True

    @property
    def num_keypoints(self) -> int:
        return self.rules.num_keypoints

    def output_shapes(self, batch: int, shape_hw: tuple[int, int]) -> tuple[Shape, ...]:
        height, width = (side // self.stride for side in shape_hw)
        count = self.num_keypoints
        return (batch, count, height, width), (batch, self.tag_dim * count, None, None)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        shape_hw: tuple[int, int],
        boxes: Sequence[Box | None],
    ) -> list[DecodedPeople]:
        heatmaps, tags = outputs
        heatmaps = hide_borders(heatmaps, boxes, shape_hw)
        size = shape_hw if self.restore_heatmap_size else None
        return decode_batch(self.rules, heatmaps, tags, size, shape_hw)

    def panels(self, outputs: Sequence[np.ndarray]) -> dict[str, Panel]:
        heatmaps, tags = (each[0] for each in outputs)
        return {'heatmaps': Panel(heatmaps), 'tags': Panel(tags[: len(heatmaps)], heatmaps)}


class AssociativeEmbeddingCandidates(
    Decoder, frozen=True, kw_only=True, tag='associative_embedding_candidates'
):
    """People from the best peaks that the graph picked, so that few numbers leave it.

    The outputs are the peaks' ``values (B, K, M)``, ``positions (B, K, M, 2)`` and ``tags
    (B, K, M, L)``. Keypoints that a person lacks stay missing, since there is no map to search.

    Args:
        rules: How candidates are grouped, with ``missing='none'``.
        stride: Pixels of the input for a pixel of the heatmaps that the graph looked at.
        tag_dim: As for :class:`AssociativeEmbedding`.
    """

    output_names = ('values', 'positions', 'tags')
    num_comparable = 1  # positions and tags are in the order of the values
    works_in_graph = True

    rules: AssociativeEmbeddingDecoder
    stride: Positive
    tag_dim: Positive

    def __post_init__(self) -> None:
        check_decodes_candidates(self.rules)

    @property
    def num_keypoints(self) -> int:
        return self.rules.num_keypoints

    def output_shapes(self, batch: int, shape_hw: tuple[int, int]) -> tuple[Shape, ...]:
        first = (batch, self.num_keypoints, self.rules.top_k)
        return first, (*first, 2), (*first, self.tag_dim)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        shape_hw: tuple[int, int],
        boxes: Sequence[Box | None],
    ) -> list[DecodedPeople]:
        size = tuple(side // self.stride for side in shape_hw)
        if any(has_border(box, size, shape_hw) for box in boxes):
            raise LitePoseError(
                f'this model of candidates takes images that fill its input of {shape_hw[1]}x'
                f'{shape_hw[0]} only, since peaks in a black border would take the places of real '
                "ones; crop the image to that shape, or export the model with outputs 'maps'"
            )
        people = (decode_candidates(self.rules, *each) for each in zip(*outputs))
        return [to_input_pixels(self.rules, found, size, shape_hw) for found in people]
