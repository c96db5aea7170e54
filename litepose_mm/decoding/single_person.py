"""The decoder of top-down networks with heatmaps: one person fills each input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ..errors import LitePoseError
from ..preprocessing.resize import Box
from .base import BROKEN_OUTPUTS, DecodedPeople, Decoder, Panel, Positive, Shape
from .distribution_aware import dark_offsets, udp_offsets


class SinglePerson(Decoder, frozen=True, kw_only=True, tag='single_person'):
    """Takes the maximum of each heatmap ``(B, K, h, w)``, as MMPose's codecs do.

    A keypoint is missing if its heatmap is nowhere above 0. A person's score is the mean score of
    the keypoints.

    Args:
        num_keypoints: ``K``.
        stride: Input pixels per pixel of the heatmaps.
        refinement: How a keypoint is placed between pixels. ``'quarter'``: a quarter of a pixel
            toward the larger neighbour (``MSRAHeatmap``); ``'dark'``: at the top of a parabola
            (``MSRAHeatmap`` with ``unbiased``); ``'udp'``: likewise, and the first and the last
            pixel of a heatmap lie on the borders of the input (``UDPHeatmap``).
        blur_kernel: Side of the Gaussian with which ``'dark'`` and ``'udp'`` blur heatmaps, odd.
    """

    output_names = ('heatmaps',)
    panel_names = ('heatmaps',)

    num_keypoints: Positive
    stride: Positive
    refinement: Literal['quarter', 'dark', 'udp'] = 'quarter'
    blur_kernel: Positive = 11

    def __post_init__(self) -> None:
        check_kernel(self.blur_kernel)

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
        height, width = heatmaps.shape[2:]
        flat = heatmaps.reshape(*heatmaps.shape[:2], -1)
        index, scores = flat.argmax(-1), flat.max(-1)
        x, y = index % width, index // width
        if self.refinement == 'quarter':
            offsets = _quarter_offsets(heatmaps, x, y)
        else:
            place = dark_offsets if self.refinement == 'dark' else udp_offsets
            offsets = place(heatmaps, x, y, self.blur_kernel)
        positions = np.stack([x, y], -1) + offsets
        if self.refinement == 'udp':
            positions *= np.array([shape_hw[1] / (width - 1), shape_hw[0] / (height - 1)])
        else:
            positions *= self.stride
        return one_person_each(positions, scores)

    def panels(self, outputs: Sequence[np.ndarray]) -> dict[str, Panel]:
        return {'heatmaps': Panel(outputs[0][0])}


def check_kernel(kernel: int) -> None:
    """Checks the size of a Gaussian.

    Raises:
        LitePoseError: It is even.
    """
    if kernel % 2 == 0:
        raise LitePoseError(f'decoder: blur_kernel: expected an odd number, got {kernel}')


def one_person_each(positions: np.ndarray, scores: np.ndarray) -> list[DecodedPeople]:
    """Returns the only person of each input; keypoints with scores up to 0 are missing.

    Args:
        positions: In pixels of the input, ``(B, K, 2)``.
        scores: ``(B, K)``.
    """
    found = scores > 0
    keypoints = np.where(found[..., None], positions, 0).astype(np.float32)
    scores = np.where(found, scores, 0).astype(np.float32)
    return [
        DecodedPeople(each[None], own[None], own.mean(keepdims=True))
        for each, own in zip(keypoints, scores)
    ]


def _quarter_offsets(heatmaps: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    count, num_keypoints, height, width = heatmaps.shape
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
    return 0.25 * np.sign(slope) * inside
