"""The decoder of SimCC (Li et al., ECCV 2022) and RTMPose: a distribution for each axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import LitePoseError
from ..preprocessing.resize import Box
from ..utils.tagged import AboveZero
from .base import BROKEN_OUTPUTS, DecodedPeople, Decoder, Positive, Shape
from .distribution_aware import axis_offsets
from .single_person import check_kernel, one_person_each


class SimCC(Decoder, frozen=True, kw_only=True, tag='simcc'):
    """Takes the maxima of ``simcc_x (B, K, w)`` and ``simcc_y (B, K, h)``, as MMPose's codec does.

    A keypoint's score is the smaller of its two maxima, which only a loss with normalised labels
    (RTMPose's) bounds by about 1. A keypoint is missing if its score is not above 0.

    Args:
        num_keypoints: ``K``.
        split_ratio: Number of places per pixel of the input.
        blur_kernels: Lengths of the Gaussians with which both axes are blurred before a keypoint is
            placed between two places, odd (``use_dark``); None leaves it on one.
    """

    output_names = ('simcc_x', 'simcc_y')

    num_keypoints: Positive
    split_ratio: AboveZero
    blur_kernels: tuple[Positive, Positive] | None = None

    def __post_init__(self) -> None:
        for kernel in self.blur_kernels or ():
            check_kernel(kernel)

    def output_shapes(self, batch: int, shape_hw: tuple[int, int]) -> tuple[Shape, ...]:
        height, width = (int(side * self.split_ratio) for side in shape_hw)
        return (batch, self.num_keypoints, width), (batch, self.num_keypoints, height)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        shape_hw: tuple[int, int],
        boxes: Sequence[Box | None],
    ) -> list[DecodedPeople]:
        if not all(np.isfinite(values.sum()) for values in outputs):
            raise LitePoseError(BROKEN_OUTPUTS)
        places = [values.argmax(-1) for values in outputs]
        scores = np.minimum(*(values.max(-1) for values in outputs))
        if self.blur_kernels is not None:
            places = [
                place + axis_offsets(values, place, kernel)
                for values, place, kernel in zip(outputs, places, self.blur_kernels)
            ]
        return one_person_each(np.stack(places, -1) / self.split_ratio, scores)
