"""The authors' resizing for tests, as a transform."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from ...preprocessing.resize import aligned_size, resize_align


@TRANSFORMS.register_module()
class BottomupResizeAlign(BaseTransform):
    """Resize the short side to the input size and pad the long side to a multiple of 64.

    MMPose's :class:`BottomupResize` with ``resize_mode='expand'`` differs for odd sizes, for which
    its centre is half a pixel off the authors', and pads about one size in a hundred differently.

    Required keys: ``img``. Modified: ``img``, ``img_shape``. Added: ``input_size``,
    ``input_center``, ``input_scale``, ``aug_scales``.

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
        super().__init__()
        self.short_side = int(np.min(input_size))
        self.size_factor = size_factor
        self.aug_scales = None if aug_scales is None else [float(scale) for scale in aug_scales]

    def transform(self, results: dict) -> dict:
        image = results['img']
        scales = [1.0, *(self.aug_scales or [])]
        resized = [
            resize_align(
                image,
                aligned_size(
                    image.shape[1::-1], self.short_side, self.size_factor, scale, min(scales)
                ),
            )
            for scale in scales
        ]
        # Positions are in pixels of the original scale, which comes first.
        base = resized[0]
        results['img'] = [r.image for r in resized] if self.aug_scales else base.image
        results['img_shape'] = base.image.shape[:2]
        results['input_size'] = base.image.shape[1::-1]
        results['input_center'] = base.center
        results['input_scale'] = np.array(base.image.shape[1::-1], dtype=np.float32) * base.zoom
        results['aug_scales'] = self.aug_scales
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(input_size={self.short_side}, '
            f'size_factor={self.size_factor}, aug_scales={self.aug_scales})'
        )
