"""The decoders of associative embedding: for whole maps, and for candidates picked by the graph."""

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
    """Decodes heatmaps ``(B, K, h, w)`` and tags ``(B, L * K, h', w')``.

    Args:
        rules: How keypoints are found and grouped.
        stride: Input pixels per pixel of the heatmaps.
        tag_dim: Number of tags per keypoint, ``L``. A flip test in the graph doubles it, and each
            level with tags adds its own.
        restore_heatmap_size: Whether people are searched for at the input's resolution, as the
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
        decode_hw = shape_hw if self.restore_heatmap_size else None
        return decode_batch(self.rules, heatmaps, tags, decode_hw, shape_hw)

    def panels(self, outputs: Sequence[np.ndarray]) -> dict[str, Panel]:
        heatmaps, tags = (each[0] for each in outputs)
        return {'heatmaps': Panel(heatmaps), 'tags': Panel(tags[: len(heatmaps)], heatmaps)}


class AssociativeEmbeddingCandidates(
    Decoder, frozen=True, kw_only=True, tag='associative_embedding_candidates'
):
    """Groups the best peaks, which the graph itself picks to keep its outputs small.

    The outputs are the peaks' ``values (B, K, M)``, ``positions (B, K, M, 2)`` and ``tags
    (B, K, M, L)``. Keypoints that a person lacks stay missing, since there is no map to search.

    Args:
        rules: How candidates are grouped, with ``missing='none'``.
        stride: Input pixels per pixel of the heatmaps in the graph.
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
        map_hw = shape_hw[0] // self.stride, shape_hw[1] // self.stride
        if any(has_border(box, map_hw, shape_hw) for box in boxes):
            raise LitePoseError(
                'this model outputs candidates and therefore needs images that fill its input of '
                f'{shape_hw[1]}x{shape_hw[0]}, because peaks in a black border would displace '
                'real ones; crop the image to that aspect ratio, or export the model with '
                "outputs 'maps'"
            )
        people = (decode_candidates(self.rules, *each) for each in zip(*outputs))
        return [to_input_pixels(self.rules, found, map_hw, shape_hw) for found in people]
