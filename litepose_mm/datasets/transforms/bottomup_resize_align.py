"""The authors' resizing for tests, as a transform."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmpose.registry import TRANSFORMS

from ...preprocessing.resize import aligned_size, resize_align
from ...preprocessing.rules import ShortSide
from .bottomup_resize import RuleResize, input_keys


@TRANSFORMS.register_module()
class BottomupResizeAlign(RuleResize):
    """Resize the short side to the input size and pad the long side to a multiple of 64.

    MMPose's :class:`BottomupResize` with ``resize_mode='expand'`` differs for odd sizes, for which
    its centre is half a pixel off the authors', and pads about one size in a hundred differently.

    Keys are those of :class:`RuleResize`.

    Args:
        input_size: The short side in pixels, or a pair whose smaller number is used.
        size_factor: Both sides become multiples of this number.
        aug_scales: Further scales for ``multiscale_test``, relative to the input size. ``img``
            becomes a list, the original scale first.
    """

    def __init__(
        self,
        input_size: Sequence[int],
        size_factor: int = 64,
        aug_scales: Sequence[float] | None = None,
    ):
        super().__init__(ShortSide(short_side=int(np.min(input_size)), divisor=size_factor))
        self.aug_scales = None if aug_scales is None else [float(scale) for scale in aug_scales]

    def transform(self, results: dict) -> dict:
        if not self.aug_scales:
            return super().transform(results)
        image, rule = results['img'], self.resize_rule
        scales = [1.0, *self.aug_scales]
        sizes = [
            aligned_size(image.shape[1::-1], rule.short_side, rule.divisor, scale, min(scales))
            for scale in scales
        ]
        resized = [resize_align(image, size) for size in sizes]
        # Positions are in pixels of the original scale, which comes first.
        images = [each.image for each in resized]
        return {**results, 'img': images, 'aug_scales': self.aug_scales, **input_keys(resized[0])}

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.resize_rule.short_side}, '
            f'size_factor={self.resize_rule.divisor}, aug_scales={self.aug_scales})'
        )
