"""The decoder of part affinity fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np

from ...errors import LitePoseError
from ...preprocessing.resize import Box
from ...utils.tagged import LARGEST
from ..base import BROKEN_OUTPUTS, DecodedPeople, Decoder, Panel, Positive, Shape
from ..borders import hide_borders
from .keypoints import find_keypoints
from .limbs import connect
from .people import assemble
from .rules import PartAffinityRules

Number = Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]


class PartAffinity(Decoder, frozen=True, kw_only=True, tag='part_affinity'):
    """Finds people in heatmaps ``(B, P + 1, h, w)`` and fields ``(B, 2 * L, h, w)``.

    The last heatmap is the background, which is not needed. A person's score is the square root
    of the authors' score for COCO, divided by its highest value for keypoints and limbs of 1: it
    gives the same order, and reaches from 0 to 1. A keypoint's score is its heatmap's value.

    Args:
        rules: The body, and how people are found.
        stride: Input pixels per pixel of the maps.
        offset: Added to positions, in input pixels. 0 is the authors' demo, which aligns pixel 0
            of maps and input. The authors' evaluation adds 1 in effect: it aligns their borders,
            like targets and interpolation, and counts from the border of the image.
    """

    output_names = ('heatmaps', 'fields')
    panel_names = ('heatmaps', 'fields')

    rules: PartAffinityRules
    stride: Positive
    offset: Number = 0.0

    @property
    def num_keypoints(self) -> int:
        return self.rules.body.num_keypoints

    def output_shapes(self, batch: int, shape_hw: tuple[int, int]) -> tuple[Shape, ...]:
        body, (height, width) = self.rules.body, (side // self.stride for side in shape_hw)
        return tuple(
            (batch, channels, height, width)
            for channels in (body.num_heatmaps, body.num_field_channels)
        )

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        shape_hw: tuple[int, int],
        boxes: Sequence[Box | None],
    ) -> list[DecodedPeople]:
        heatmaps, fields = (np.ascontiguousarray(each, dtype=np.float32) for each in outputs)
        expected = self.output_shapes(len(boxes), shape_hw)
        if (heatmaps.shape, fields.shape) != expected:
            raise LitePoseError(
                f'expected heatmaps and fields of shapes {expected[0]} and {expected[1]}, got '
                f'{heatmaps.shape} and {fields.shape}'
            )
        if not (np.isfinite(heatmaps.sum()) and np.isfinite(fields.sum())):
            raise LitePoseError(BROKEN_OUTPUTS)
        heatmaps = hide_borders(heatmaps, boxes, shape_hw)
        return [self._people(*each) for each in zip(heatmaps, fields)]

    def _people(self, heatmaps: np.ndarray, fields: np.ndarray) -> DecodedPeople:
        rules, body = self.rules, self.rules.body
        found = find_keypoints(heatmaps[: body.num_parts], rules)
        poses = assemble(connect(fields, found, rules), found, rules)
        # One more keypoint, at 0 and with the score 0, stands for all that are missing.
        places = np.stack([found.x, found.y], axis=1) * (self.stride / rules.upsample)
        places = np.concatenate([places + self.offset, np.zeros((1, 2))]).astype(np.float32)
        scores = np.append(found.scores, np.float32(0))
        ids = poses.ids[:, body.keypoint_parts]
        number = np.maximum(poses.counts - 1, 0)
        scoring = sum(not limb.only_fills for limb in body.limbs)
        highest = (body.num_parts + scoring) * max(body.num_parts - 1, 1)
        people = np.sqrt(poses.scores * number / highest).astype(np.float32)
        return DecodedPeople(places[ids], scores[ids], people)

    def panels(self, outputs: Sequence[np.ndarray]) -> dict[str, Panel]:
        """Returns heatmaps, and lengths of fields, in the colours of the limbs' ends."""
        body = self.rules.body
        heatmaps, fields = outputs[0][0], outputs[1][0]
        lengths = np.zeros_like(heatmaps[: body.num_parts])
        for limb in body.limbs:
            x, y = fields[2 * limb.field : 2 * limb.field + 2]
            np.maximum(lengths[limb.end], np.hypot(x, y), out=lengths[limb.end])
        parts = body.keypoint_parts
        return {'heatmaps': Panel(heatmaps[parts]), 'fields': Panel(lengths[parts])}
