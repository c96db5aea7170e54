"""The decoder of top-down networks: one person fills each input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import LitePoseError
from ..preprocessing.resize import Box
from .base import BROKEN_OUTPUTS, DecodedPeople, Decoder, Panel, Positive, Shape


class SinglePerson(Decoder, frozen=True, kw_only=True, tag='single_person'):
    """Takes the maximum of each heatmap ``(B, K, h, w)``, as MMPose's ``MSRAHeatmap`` does.

    A keypoint is moved a quarter of a pixel toward the larger neighbour, and is missing if its
    heatmap is nowhere above 0. A person's score is the mean score of the keypoints.

    Args:
        num_keypoints: ``K``.
        stride: Input pixels per pixel of the heatmaps.
    """

    output_names = ('heatmaps',)
    panel_names = ('heatmaps',)

    num_keypoints: Positive
    stride: Positive

    def output_shapes(self, batch: int, shape_hw: tuple[int, int]) -> tuple[Shape, ...]:
        return ((batch, self.num_keypoints, *(side // self.stride for side in shape_hw)),)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        shape_hw: tuple[int, int],
        boxes: Sequence[Box | None],
    ) -> list[DecodedPeople]:
        (heatmaps,) = outputs
        if not np.isfinite(heatmaps.sum()):
            raise LitePoseError(BROKEN_OUTPUTS)
        count, num_keypoints, height, width = heatmaps.shape
        flat = heatmaps.reshape(count, num_keypoints, -1)
        index, scores = flat.argmax(-1), flat.max(-1)
        x, y = index % width, index // width
        padded = np.pad(heatmaps, ((0, 0), (0, 0), (1, 1), (1, 1)))
        which = np.ogrid[:count, :num_keypoints]
        slope = np.stack(
            [
                padded[(*which, y + 1, x + 2)] - padded[(*which, y + 1, x)],
                padded[(*which, y + 2, x + 1)] - padded[(*which, y, x + 1)],
            ],
            axis=-1,
        )
        inside = np.stack(
            [
                (x > 1) & (x < width - 1) & (y > 0) & (y < height),
                (y > 1) & (y < height - 1) & (x > 0) & (x < width),
            ],
            axis=-1,
        )
        places = np.stack([x, y], -1) + 0.25 * np.sign(slope) * inside
        found = scores > 0
        keypoints = np.where(found[..., None], places * self.stride, 0).astype(np.float32)
        scores = np.where(found, scores, 0).astype(np.float32)
        return [
            DecodedPeople(each[None], own[None], own.mean(keepdims=True))
            for each, own in zip(keypoints, scores)
        ]

    def panels(self, outputs: Sequence[np.ndarray]) -> dict[str, Panel]:
        return {'heatmaps': Panel(outputs[0][0])}
